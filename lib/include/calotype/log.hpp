// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>

#include "calotype/export.hpp"

namespace calotype {

enum class LogLevel { debug, info, warning };  // errors are exceptions, never log lines

/// Called from any thread, from several at once, and with no lock held: it may use the library. What it logs itself
/// goes the default way, and what it throws is dropped.
using LogSink = std::function<void(LogLevel, const std::string&)>;

/// Says one line. Thread-safe. Without a sink, warnings go to stderr and the rest is dropped.
CALOTYPE_API void log(LogLevel level, const std::string& line) noexcept;
/// Replaces the sink (empty: the default), at any time. A line that another thread is saying may still reach the old
/// one afterwards.
CALOTYPE_API void set_log_sink(LogSink sink);

}  // namespace calotype
