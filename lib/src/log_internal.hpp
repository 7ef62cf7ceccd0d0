// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "calotype/log.hpp"

namespace calotype {

/// As long as it lives, what this thread logs is kept; then it is said. For whoever holds a lock: no sink is called
/// under one.
class LogLater {
 public:
  LogLater();
  ~LogLater();
  LogLater(const LogLater&) = delete;
  LogLater& operator=(const LogLater&) = delete;

 private:
  friend void log(LogLevel level, const std::string& line) noexcept;
  std::vector<std::pair<LogLevel, std::string>> lines_;
  LogLater* const outer_;
};

/// The same line is said once per process.
void log_once(LogLevel level, const std::string& line);

}  // namespace calotype
