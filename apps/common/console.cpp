// SPDX-License-Identifier: Apache-2.0
#include "common/console.hpp"

#include <unistd.h>

#include <atomic>
#include <calotype/io.hpp>
#include <calotype/log.hpp>
#include <cerrno>
#include <cstdio>
#include <mutex>

using calotype::LogLevel;

namespace {

int verbosity = 0;  // -1 quiet, 0, 1 information, 2 debug
std::mutex mutex;   // of the flag, and so that lines stay whole
bool progress_shown = false;
std::atomic<int> stdout_error = 0;  // of the first print that failed

void printed(int result) {
  int none = 0;
  if (result < 0) stdout_error.compare_exchange_strong(none, errno);
}

void to_stderr(const std::string& line) {
  const std::lock_guard<std::mutex> lock(mutex);
  std::fprintf(stderr, "%s%s\n", progress_shown ? "\r\033[K" : "", line.c_str());
  progress_shown = false;
}

}  // namespace

std::vector<Option> verbosity_options() {
  return {{"verbose", 'v', "", "Say more: what was converted, which engine ran. Twice: everything."},
          {"quiet", 0, "", "Say nothing but errors."}};
}

void set_verbosity(const Arguments& arguments) {
  verbosity = arguments.has("quiet") ? -1 : arguments.count("verbose");
  calotype::set_log_sink([](LogLevel level, const std::string& line) {
    const int needed = level == LogLevel::warning ? 0 : level == LogLevel::info ? 1 : 2;
    if (verbosity >= needed) to_stderr((level == LogLevel::warning ? "calotype: warning: " : "calotype: ") + line);
  });
}

bool is_verbose() { return verbosity > 0; }

void report(const std::string& line) {
  if (verbosity >= 0) to_stderr(line);
}

void print_error(const std::string& verb, const std::string& text) {
  to_stderr("calotype" + (verb.empty() ? "" : " " + verb) + ": " + text);
}

void show_progress(const std::string& line) {
  static const bool terminal = isatty(STDERR_FILENO) != 0;
  if (!terminal || verbosity < 0) return;
  const std::lock_guard<std::mutex> lock(mutex);
  // Without wrapping: a line that is too long for the window could not be taken back.
  std::fprintf(stderr, "\r\033[K\033[?7l%s\033[?7h", line.c_str());
  progress_shown = true;
}

void print(const std::string& line) { printed(std::printf("%s\n", line.c_str())); }

void print_json(const Json& json) {
  print(json.text());
  printed(std::fflush(stdout));  // a reader may follow line by line
}

void close_stdout() {
  printed(std::fclose(stdout));
  if (stdout_error) throw calotype::file_error("standard output", "write", stdout_error);
}

std::string human_size(double bytes) {
  const char* units[] = {"bytes", "kB", "MB", "GB"};
  int unit = 0;
  for (; unit < 3 && bytes >= 1000; ++unit) bytes /= 1000;
  return fixed(bytes, unit == 0 ? 0 : bytes < 10 ? 2 : 1) + " " + units[unit];
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(text.size() < width ? width - text.size() : 1, ' ');
}

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}
