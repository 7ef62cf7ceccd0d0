// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdexcept>
#include <string>

#include "calotype/export.hpp"

namespace calotype {

/// What went wrong, coarse enough to act on. Every code has one process exit status.
enum class ErrorCode {
  usage,           ///< the caller asked for something malformed (exit 2)
  not_found,       ///< a file, element, model or engine does not exist (exit 3)
  corrupt,         ///< input bytes break their format's rules (exit 4)
  model_mismatch,  ///< the stream was written with another model (exit 5)
  unsupported,     ///< valid, but not something this build can do (exit 5)
  plugin,          ///< a plugin was refused or broke its contract (exit 6)
  engine,          ///< an engine or its device is unavailable or failed (exit 6)
  limit,           ///< a size or memory limit would be exceeded (exit 7)
  io,              ///< reading or writing failed (exit 8)
  internal         ///< a bug in this library (exit 1)
};

/// The only exception type that leaves the library. `what()` says what happened and where; `hint()` says the way out.
class CALOTYPE_API Error : public std::runtime_error {
 public:
  /// `hint`: may be left out for corrupt and internal, whose way out is usually the same.
  Error(ErrorCode code, const std::string& message, std::string hint = {});
  ~Error() override;  // out of line: one typeinfo, in libcalotype
  ErrorCode code() const noexcept { return code_; }
  const std::string& hint() const noexcept { return hint_; }
  /// `what()`, and the hint after "; " where there is one.
  std::string full_text() const;

 private:
  ErrorCode code_;
  std::string hint_;
};

/// For a catch block: what is in flight, as an Error. One that is an Error already stays as it is; memory and threads
/// that the system denies are `limit`; anything else is a bug: of a plugin, or of this library (internal). `who` begins
/// the message of whatever was no Error.
CALOTYPE_API Error current_error(const std::string& who, ErrorCode bug = ErrorCode::internal);

CALOTYPE_API const char* to_string(ErrorCode code) noexcept;
CALOTYPE_API int exit_status(ErrorCode code) noexcept;

}  // namespace calotype
