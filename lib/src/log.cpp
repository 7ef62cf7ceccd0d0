// SPDX-License-Identifier: Apache-2.0
#include "calotype/log.hpp"

#include <iostream>
#include <mutex>
#include <utility>

namespace calotype {
namespace {

struct Logger {
  std::mutex mutex;
  LogSink sink;
};

Logger& logger() {
  static Logger instance;
  return instance;
}

}  // namespace

void log(LogLevel level, const std::string& line) {
  Logger& l = logger();
  const std::lock_guard<std::mutex> lock(l.mutex);
  if (l.sink)
    l.sink(level, line);
  else if (level == LogLevel::warning)
    std::cerr << "calotype: warning: " << line << std::endl;
}

void set_log_sink(LogSink sink) {
  Logger& l = logger();
  const std::lock_guard<std::mutex> lock(l.mutex);
  l.sink = std::move(sink);
}

}  // namespace calotype
