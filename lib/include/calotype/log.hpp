// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>

#include "calotype/export.hpp"

namespace calotype {

enum class LogLevel { debug, info, warning };  // errors are exceptions, never log lines

using LogSink = std::function<void(LogLevel, const std::string&)>;

/// Says one line. Thread-safe. Without a sink, warnings go to stderr and the rest is dropped.
CALOTYPE_API void log(LogLevel level, const std::string& line);
/// Replaces the sink (empty: the default). Call it before other threads log.
CALOTYPE_API void set_log_sink(LogSink sink);

}  // namespace calotype
