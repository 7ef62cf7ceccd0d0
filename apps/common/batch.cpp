// SPDX-License-Identifier: Apache-2.0
#include "common/batch.hpp"

#include <unistd.h>

#include <algorithm>
#include <calotype/error.hpp>
#include <calotype/io.hpp>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <mutex>
#include <set>

#include "common/console.hpp"
#include "common/file_times.hpp"
#include "common/interrupt.hpp"
#include "common/networks.hpp"
#include "common/rules.hpp"

namespace fs = std::filesystem;
using namespace calotype;

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

/// Beside those that compute: one that is read, one that is written.
constexpr std::size_t kOverlap = 2;

/// Thrown into a file that waits for its turn when the batch is told to stop.
struct Interrupted {};

/// Hands out the numbers below `count`, each to one holder at a time.
class Turns {
 public:
  explicit Turns(std::size_t count) {
    while (count > 0) free_.push_back(--count);
  }
  std::size_t take() {
    std::unique_lock<std::mutex> lock(mutex_);
    returned_.wait(lock, [this] { return !free_.empty(); });
    const std::size_t number = free_.back();
    free_.pop_back();
    return number;
  }
  void give_back(std::size_t number) {
    const std::lock_guard<std::mutex> lock(mutex_);
    free_.push_back(number);
    returned_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::size_t> free_;
};

class Turn {
 public:
  explicit Turn(Turns& turns) : turns_(turns), number_(turns.take()) {}
  ~Turn() { turns_.give_back(number_); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  std::size_t number() const { return number_; }

 private:
  Turns& turns_;
  std::size_t number_;
};

bool exists(const std::string& output) {
  std::error_code ignored;
  return output != "-" && fs::is_regular_file(output, ignored);
}

void write_output(const std::string& output, const Bytes& bytes, bool overwrite) {
  if (output != "-" && fs::path(output).has_parent_path()) {
    std::error_code failed;
    fs::create_directories(fs::path(output).parent_path(), failed);
    if (failed) throw file_error(fs::path(output).parent_path().string(), "make this folder", failed.value());
  }
  write_file(output, bytes, overwrite);
}

std::string time_left(double seconds) {
  return seconds < 100    ? fixed(seconds, 0) + " s"
         : seconds < 6000 ? fixed(seconds / 60, 0) + " min"
                          : fixed(seconds / 3600, 1) + " h";
}

class Batch {
 public:
  Batch(const std::string& verb, const std::vector<Job>& jobs, const BatchRules& rules, const Work& work)
      : verb_(verb), jobs_(jobs), rules_(rules), work_(work), turns_(rules.at_once), first_failure_(jobs.size()) {}

  int run() {
    stop_gently();
    std::vector<std::future<void>> others;
    while (others.size() + 1 < std::min(jobs_.size(), rules_.at_once + kOverlap))
      // Deferred, and then out of work, where there can be no more threads.
      others.push_back(std::async(std::launch::async | std::launch::deferred, [this] { go_through(); }));
    go_through();
    for (auto& other : others) other.get();
    if (jobs_.size() > 1) summarise();
    return stop_signal() ? 128 + stop_signal() : status_;
  }

 private:
  /// One of several that take file after file.
  void go_through() {
    for (;;) {
      std::size_t index;
      bool name_is_free;
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (next_ == jobs_.size() || stop_signal()) return;
        index = next_++;
        name_is_free = outputs_.insert(jobs_[index].output).second;
        progress();
      }
      try {
        one(jobs_[index], name_is_free);
      } catch (const Interrupted&) {
        return;
      } catch (...) {
        fail(index, current_error("the command"));
      }
    }
  }

  void one(const Job& job, bool name_is_free) {
    if (job.problem) throw *job.problem;
    if (!name_is_free)
      throw Error(ErrorCode::usage, job.output + " is another input's output already",
                  "convert it in a run of its own");
    if (exists(job.output)) {
      if (rules_.skip_existing) return skip(job);
      if (!rules_.overwrite)
        throw Error(ErrorCode::usage, job.output + " exists already",
                    "choose another name, or add --overwrite or --skip-existing");
    }
    check_writable(job.output, true);  // before the work
    if (job.output == "-" && isatty(STDOUT_FILENO))
      throw Error(ErrorCode::usage, "a picture is not written to a terminal", "name a file with -o, or use a pipe");

    const timespec modified = rules_.preserve_times ? modification_time(job.input) : timespec();
    const auto start = Clock::now();
    Seconds waited(0);
    bool begun = false;
    const Output output = work_(job, [&](const std::function<void(std::size_t)>& body) {
      const auto asked = Clock::now();
      const Turn turn(turns_);
      if (!begun && stop_signal()) throw Interrupted();
      begun = true;
      waited += Clock::now() - asked;
      body(turn.number());
    });
    write_output(job.output, output.bytes, rules_.overwrite);
    if (rules_.preserve_times) set_modification_time(job.output, modified);
    finish(job, output, Clock::now() - start - waited);
  }

  void finish(const Job& job, const Output& output, Seconds seconds) {
    const std::size_t size = output.bytes.size();
    const double bpp = 8.0 * static_cast<double>(size) / (static_cast<double>(output.width) * output.height);
    const std::lock_guard<std::mutex> lock(mutex_);
    ++done_;
    bytes_in_ += static_cast<double>(output.bytes_in);
    bytes_out_ += static_cast<double>(size);
    if (rules_.json) {
      print_json(Json::object({{"input", job.input},
                               {"output", job.output},
                               {"input_bytes", output.bytes_in},
                               {"bytes", size},
                               {"width", output.width},
                               {"height", output.height},
                               {"bpp", bpp},
                               {"seconds", seconds.count()},
                               {"lost", losses_json(output.lost)},
                               {"networks", networks_json()}}));
    } else {
      std::string line = job.input + " -> " + job.output + ", " + std::to_string(output.width) + "x" +
                         std::to_string(output.height) + ", " + std::to_string(size) + " bytes, " + fixed(bpp, 3) +
                         " bpp, " + fixed(seconds.count(), 2) + " s";
      if (is_verbose()) line += networks_text();
      report(line);
    }
    progress();
  }

  void skip(const Job& job) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++skipped_;
    if (rules_.json) print_json(Json::object({{"input", job.input}, {"output", job.output}, {"skipped", true}}));
    progress();
  }

  void fail(std::size_t index, const Error& error) {
    const std::string& input = jobs_[index].input;
    const std::string text = error.full_text();
    const int status = exit_status(error.code());
    const std::lock_guard<std::mutex> lock(mutex_);
    ++failed_;
    if (index < first_failure_) {
      first_failure_ = index;
      status_ = status;
    }
    print_error(verb_, text.find(input) == std::string::npos ? input + ": " + text : text);
    if (rules_.json) print_json(Json::object({{"input", input}, {"error", text}, {"status", status}}));
    progress();
  }

  std::size_t finished() const { return done_ + skipped_ + failed_; }

  /// Called with the mutex held.
  void progress() const {
    if (jobs_.size() < 2) return;
    std::string line = "[" + std::to_string(finished()) + "/" + std::to_string(jobs_.size()) + "] ";
    if (done_ + failed_ > 0) {
      const double rate = static_cast<double>(done_ + failed_) / Seconds(Clock::now() - start_).count();
      line += fixed(rate, rate < 1 ? 2 : 1) + " files/s, " +
              time_left(static_cast<double>(jobs_.size() - finished()) / rate) + " left  ";
    }
    show_progress(line + jobs_[next_ - 1].input);
  }

  void summarise() const {
    std::string line = std::to_string(done_) + " of " + std::to_string(jobs_.size()) + " files";
    if (skipped_) line += ", " + std::to_string(skipped_) + " skipped";
    if (failed_) line += ", " + std::to_string(failed_) + " failed";
    line += ", " + human_size(bytes_in_) + " -> " + human_size(bytes_out_) + ", " +
            fixed(Seconds(Clock::now() - start_).count(), 2) + " s";
    if (finished() < jobs_.size())
      line += "; " + std::to_string(jobs_.size() - finished()) +
              " remain, the same command with --skip-existing goes on with them";
    report(line);
  }

  const std::string& verb_;
  const std::vector<Job>& jobs_;
  const BatchRules& rules_;
  const Work& work_;
  const Clock::time_point start_ = Clock::now();
  Turns turns_;

  std::mutex mutex_;  // of all that follows, and of what is said
  std::size_t next_ = 0, done_ = 0, skipped_ = 0, failed_ = 0;
  std::set<std::string> outputs_;
  double bytes_in_ = 0, bytes_out_ = 0;
  std::size_t first_failure_;
  int status_ = 0;
};

}  // namespace

std::vector<Option> batch_options() {
  return {{"output", 'o', "OUT|DIR", "Write to this file, into this folder, or to standard output (-)."},
          {"overwrite", 0, "", "Replace files that exist."},
          {"skip-existing", 0, "", "Leave files that exist as they are: a run that was interrupted goes on."},
          {"recursive", 'r', "", "Look into sub-folders too, and keep them under the output folder."},
          {"preserve-times", 0, "", "Give each output the time when its input was last modified."},
          {"jobs", 'j', "J", "Work on J files at once, which share the processor cores (default 1)."},
          {"json", 0, "", "Print one JSON object per file on standard output, in the order in which they are done."}};
}

BatchRules batch_rules(const Arguments& arguments, std::size_t files) {
  BatchRules rules;
  rules.overwrite = arguments.has("overwrite");
  rules.skip_existing = arguments.has("skip-existing");
  rules.preserve_times = arguments.has("preserve-times");
  rules.json = arguments.has("json");
  rules.at_once = std::min(static_cast<std::size_t>(arguments.integer("jobs", 1, 1)), files);
  if (rules.overwrite && rules.skip_existing)
    throw Error(ErrorCode::usage, "--overwrite and --skip-existing contradict each other", "leave one of them out");
  return rules;
}

int run_batch(const std::string& verb, const std::vector<Job>& jobs, const BatchRules& rules, const Work& work) {
  const auto any = [&](std::string Job::*name) {
    return std::any_of(jobs.begin(), jobs.end(), [&](const Job& job) { return job.*name == "-"; });
  };
  if (rules.preserve_times && (any(&Job::input) || any(&Job::output)))
    throw Error(ErrorCode::usage, "--preserve-times: a pipe has no time of its own", "name the files, or leave it out");
  if (rules.json && any(&Job::output))
    throw Error(ErrorCode::usage, "--json and the picture cannot both go to standard output", "name a file with -o");
  return Batch(verb, jobs, rules, work).run();
}
