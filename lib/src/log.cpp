// SPDX-License-Identifier: Apache-2.0
#include "calotype/log.hpp"

#include <cstdio>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "fork.hpp"
#include "log_internal.hpp"

namespace calotype {
namespace {

/// Never destroyed: threads may log while the process ends.
struct Logger {
  std::mutex mutex;
  std::shared_ptr<const LogSink> sink;
  std::set<std::pair<LogLevel, std::string>> said_once;

  Logger() { at_fork(mutex); }
};

Logger& logger() {
  static Logger* const instance = new Logger;
  return *instance;
}

thread_local LogLater* kept_by = nullptr;
thread_local bool in_sink = false;

void say(LogLevel level, const std::string& line) {
  std::shared_ptr<const LogSink> sink;
  if (!in_sink) {
    const std::lock_guard<std::mutex> lock(logger().mutex);
    sink = logger().sink;
  }
  if (!sink) {
    if (level == LogLevel::warning) std::fprintf(stderr, "calotype: warning: %s\n", line.c_str());
    return;
  }
  in_sink = true;
  try {
    (*sink)(level, line);
  } catch (...) {  // the line is lost; whoever logs goes on
  }
  in_sink = false;
}

}  // namespace

LogLater::LogLater() : outer_(std::exchange(kept_by, this)) {}

LogLater::~LogLater() {
  kept_by = outer_;
  for (const auto& [level, line] : lines_) log(level, line);
}

void log(LogLevel level, const std::string& line) noexcept {
  try {
    if (kept_by)
      kept_by->lines_.emplace_back(level, line);
    else
      say(level, line);
  } catch (...) {  // no memory for it
  }
}

void log_once(LogLevel level, const std::string& line) {
  {
    const std::lock_guard<std::mutex> lock(logger().mutex);
    if (!logger().said_once.emplace(level, line).second) return;
  }
  log(level, line);
}

void set_log_sink(LogSink sink) {
  auto replaced = sink ? std::make_shared<const LogSink>(std::move(sink)) : nullptr;
  const std::lock_guard<std::mutex> lock(logger().mutex);
  logger().sink.swap(replaced);
}

}  // namespace calotype
