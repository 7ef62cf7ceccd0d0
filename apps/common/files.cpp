// SPDX-License-Identifier: Apache-2.0
#include "common/files.hpp"

#include <algorithm>
#include <calotype/error.hpp>
#include <calotype/io.hpp>
#include <fstream>

#include "common/console.hpp"

namespace fs = std::filesystem;
using calotype::Error;
using calotype::ErrorCode;

namespace {

/// False, too, for what cannot be looked at; reading it will say why.
bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool is_side_car(const fs::path& path) {
  if (path.filename().string().rfind("._", 0) != 0) return false;
  calotype::Bytes beginning(4);
  std::ifstream(path, std::ios::binary).read(reinterpret_cast<char*>(beginning.data()), 4);
  return calotype::is_apple_double(beginning);
}

class Search {
 public:
  Search(const fs::path& folder, const std::set<std::string>& extensions, bool recursive,
         const std::vector<fs::path>& left_out)
      : folder_(folder), extensions_(extensions), recursive_(recursive), left_out_(left_out) {}

  std::vector<Found> run() {
    list({});
    std::sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) { return a.path < b.path; });
    return std::move(found_);
  }

 private:
  void list(const fs::path& relative) {
    const fs::path here = relative.empty() ? folder_ : folder_ / relative;
    std::error_code failed;
    for (fs::directory_iterator entry(here, failed), end; !failed && entry != end; entry.increment(failed))
      look_at(*entry, relative / entry->path().filename());
    if (failed) found_.push_back({relative, calotype::file_error(here.string(), "list", failed.value())});
  }

  void look_at(const fs::directory_entry& entry, const fs::path& relative) {
    std::error_code unknown;
    if (fs::is_directory(entry.symlink_status(unknown))) {
      if (recursive_ && !is_left_out(entry.path())) list(relative);
      return;
    }
    if (!extensions_.count(calotype::extension_of(relative.string()))) return;
    if (!entry.is_regular_file(unknown) && !unknown) return;
    if (is_side_car(entry.path()))
      report(entry.path().string() + ": left out, an AppleDouble side-car holds no picture");
    else
      found_.push_back({relative, {}});
  }

  bool is_left_out(const fs::path& path) const {
    return std::any_of(left_out_.begin(), left_out_.end(), [&](const fs::path& other) {
      std::error_code ignored;
      return fs::equivalent(path, other, ignored);
    });
  }

  const fs::path& folder_;
  const std::set<std::string>& extensions_;
  const bool recursive_;
  const std::vector<fs::path>& left_out_;
  std::vector<Found> found_;
};

}  // namespace

std::vector<Found> files_in(const fs::path& folder, const std::set<std::string>& extensions, bool recursive,
                            const std::vector<fs::path>& left_out) {
  return Search(folder, extensions, recursive, left_out).run();
}

std::vector<Job> make_jobs(const std::vector<std::string>& inputs, const JobRules& rules) {
  if (inputs.empty()) throw Error(ErrorCode::usage, "no input given", "name a file, a folder, or - for standard input");
  const bool any_folder = std::any_of(inputs.begin(), inputs.end(), [](const auto& path) { return is_folder(path); });
  const bool into_folder = !rules.output.empty() && rules.output != "-" &&
                           (inputs.size() > 1 || any_folder || rules.output.back() == '/' || is_folder(rules.output));
  if (rules.output == "-" && (inputs.size() > 1 || any_folder))
    throw Error(ErrorCode::usage, "several pictures cannot go to standard output", "-o DIR writes them to a folder");
  std::error_code ignored;
  if (into_folder && fs::exists(rules.output, ignored) && !is_folder(rules.output))
    throw Error(ErrorCode::usage, rules.output + " is not a folder", "with several inputs -o names a folder");
  const bool named = !rules.output.empty() && !into_folder;
  if (!named && rules.extension.empty())
    throw Error(ErrorCode::usage, "the output's format is not known", "say --format NAME, or name the file with -o");

  const std::string dotted_suffix = rules.suffix.empty() ? "" : "." + rules.suffix;
  const std::vector<fs::path> left_out = {into_folder ? rules.output : "", rules.left_out};

  std::vector<Job> jobs;
  const auto add = [&](const fs::path& input, const fs::path& relative) {
    std::string output = rules.output;
    if (!named) {
      fs::path path = into_folder ? fs::path(output) / relative : input;
      const std::string extension = (into_folder ? "" : dotted_suffix) + "." + rules.extension;
      output = path == "-" ? "-" : path.replace_extension(extension).string();
    }
    jobs.push_back({input.string(), output, relative.string(), {}});
  };
  for (const std::string& input : inputs) {
    if (!is_folder(input)) {
      add(input, input == "-" ? fs::path("stdin") : fs::path(input).filename());
      continue;
    }
    std::vector<Found> found = files_in(input, rules.extensions, rules.recursive, left_out);
    const auto is_output = [&](const Found& file) { return ends_with(file.path.stem().string(), dotted_suffix); };
    if (!rules.suffix.empty()) found.erase(std::remove_if(found.begin(), found.end(), is_output), found.end());
    if (found.empty())
      jobs.push_back({input,
                      {},
                      {},
                      Error(ErrorCode::not_found, input + ": no picture in this folder",
                            rules.recursive ? "name one that holds files of a known format"
                                            : "--recursive looks into its sub-folders")});
    for (const Found& file : found) {
      const fs::path path = file.path.empty() ? fs::path(input) : fs::path(input) / file.path;
      if (file.problem)
        jobs.push_back({path.string(), {}, {}, file.problem});
      else
        add(path, file.path);
    }
  }
  return jobs;
}
