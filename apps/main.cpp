// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <calotype/error.hpp>
#include <calotype/model.hpp>
#include <calotype/parallel.hpp>
#include <calotype/params.hpp>
#include <calotype/registry.hpp>
#include <calotype/version.hpp>
#include <cstdlib>
#include <initializer_list>
#include <opencv2/core/utility.hpp>
#include <opencv2/core/utils/logger.hpp>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "common/console.hpp"
#include "verbs.hpp"

using calotype::Error;
using calotype::ErrorCode;

const std::vector<const Verb*>& verbs() {
  static const std::vector<const Verb*> all = {
      &compress_verb, &decompress_verb, &convert_verb, &denoise_verb, &deblock_verb, &inpaint_verb,   &info_verb,
      &compare_verb,  &model_verb,      &run_verb,     &inspect_verb, &help_verb,    &completion_verb};
  return all;
}

const Verb& find_verb(const std::string& name) {
  std::vector<std::string> names;
  for (const Verb* verb : verbs()) {
    if (verb->name == name) return *verb;
    names.push_back(verb->name);
  }
  const std::string near = calotype::nearest(name, names);
  throw Error(ErrorCode::usage, "unknown verb \"" + name + "\"",
              near.empty() ? "\"calotype help\" lists the verbs" : "did you mean \"" + near + "\"?");
}

std::vector<Option> all_options(const Verb& verb) {
  std::vector<Option> options = verb.options();
  for (Option& option : verbosity_options()) options.push_back(std::move(option));
  options.push_back({"help", 'h', "", "Show this text."});
  return options;
}

namespace {

/// Before the verb: what decides where plugins and models are found.
const std::vector<Option> kGlobalOptions = {
    {"plugin-path", 0, "DIR", "Look for plugins in this folder first; may be repeated."},
    {"model-path", 0, "DIR", "Look for models in this folder first; may be repeated."},
    {"version", 0, "", "Print the version."},
    {"help", 'h', "", "Show this text."}};

void print_help() {
  print("Usage: calotype [--plugin-path DIR] [--model-path DIR] VERB ...\n\nVerbs:");
  for (const Verb* verb : verbs())
    print("  " + std::string(verb->name) + std::string(14 - std::string(verb->name).size(), ' ') + verb->summary);
  print("\nOptions:\n" + help_text(kGlobalOptions));
  print(
      "Examples:\n"
      "  calotype compress photo.jpg                 # writes photo.calo\n"
      "  calotype decompress photo.calo              # writes photo.png\n"
      "  calotype VERB --help                        # options and examples of a verb\n"
      "\n"
      "Exit status: 0 done, 2 usage, 3 not found, 4 corrupt input, 5 unsupported, 6 plugin or engine,\n"
      "7 limit exceeded, 8 input or output failed, 1 anything else.");
}

void print_help(const Verb& verb) {
  print("Usage: calotype " + std::string(verb.name) + " " + verb.arguments + "\n\n" + verb.summary + "\n");
  print("Options:\n" + help_text(all_options(verb)));
  print("Examples:\n" + std::string(verb.examples));
}

int help(const Arguments& arguments) {
  if (arguments.operands().empty())
    print_help();
  else
    print_help(find_verb(arguments.operands().front()));
  return 0;
}

int run_verb_named(const std::string& name, const std::vector<std::string>& tokens) {
  const Verb& verb = find_verb(name);
  const Arguments arguments(all_options(verb), tokens);
  set_verbosity(arguments);
  if (!arguments.has("help")) return verb.run(arguments);
  print_help(verb);
  return 0;
}

int run_command(const std::vector<std::string>& tokens, std::string& verb) {
  auto at = tokens.begin();
  while (at != tokens.end() && at->rfind("-", 0) == 0)
    at += (*at == "--plugin-path" || *at == "--model-path") && at + 1 != tokens.end() ? 2 : 1;
  const Arguments global(kGlobalOptions, {tokens.begin(), at});
  for (const std::string& path : global.all("plugin-path")) calotype::Registry::global().add_path(path);
  for (const std::string& path : global.all("model-path")) calotype::Model::add_path(path);
  if (global.has("version")) {
    print("calotype " CALOTYPE_VERSION);
    return 0;
  }
  if (global.has("help")) {
    print_help();
    return 0;
  }
  if (at == tokens.end()) throw Error(ErrorCode::usage, "no verb given", "\"calotype help\" lists the verbs");
  const std::string name = *at;
  find_verb(name);
  verb = name;
  return run_verb_named(name, {at + 1, tokens.end()});
}

/// Large buffers follow one another all the time, on all threads: memory is used again instead of fetched from the
/// system. Large pages would be a little faster, and much slower where a virtual machine gives free memory back to its
/// host.
void prepare_heap() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_ARENA_MAX, 1);
#endif
}

/// A file that is opened while a standard stream is closed would take its place, and get what is printed there. The
/// stand-ins can neither be read nor written.
void fill_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(stream, F_GETFD) < 0) open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/// Runs `body`; an error is reported, and its exit status returned.
template <class Body>
int status_of(const std::string& verb, Body body) {
  try {
    return body();
  } catch (...) {
    const Error error = calotype::current_error("the command");
    print_error(verb, error.full_text());
    return calotype::exit_status(error.code());
  }
}

/// Of the whole process, and so for no library to decide.
void prepare_opencv() {
  using namespace cv::utils::logging;
  if (!std::getenv("OPENCV_LOG_LEVEL")) setLogLevel(LOG_LEVEL_FATAL);  // what matters is said as an error, once
  // Its loops fail where it can start no thread.
  const int threads = cv::getNumThreads(), possible = 1 + calotype::startable_threads(threads - 1);
  if (possible < threads) cv::setNumThreads(possible);
}

}  // namespace

const Verb help_verb = {"help",
                        "[VERB]",
                        "Show the verbs, or the options and examples of one.",
                        "  calotype help compress",
                        [] { return std::vector<Option>(); },
                        help};

int main(int argc, char** argv) {
  prepare_heap();
  fill_standard_streams();
  signal(SIGXFSZ, SIG_IGN);  // a file that grows too large is an error like any other
  std::string verb;
  const int status = status_of(verb, [&] {
    prepare_opencv();
    return run_command({argv + 1, argv + argc}, verb);
  });
  const int told = status_of(verb, [] {
    close_stdout();
    return 0;
  });
  return status ? status : told;
}
