// SPDX-License-Identifier: Apache-2.0
#include "calotype/error.hpp"

#include <utility>

namespace calotype {

namespace {

/// For errors whose way out is always the same.
const char* usual_hint(ErrorCode code) {
  switch (code) {
    case ErrorCode::corrupt:
      return "the file is damaged or cut short; fetch it again from its source";
    case ErrorCode::internal:
      return "this is a bug; please report it with what led to it";
    default:
      return "";
  }
}

}  // namespace

Error::Error(ErrorCode code, const std::string& message, std::string hint)
    : std::runtime_error(message), code_(code), hint_(hint.empty() ? usual_hint(code) : std::move(hint)) {}

Error::~Error() = default;

std::string Error::full_text() const { return hint_.empty() ? what() : std::string(what()) + "; " + hint_; }

const char* to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::usage:
      return "usage";
    case ErrorCode::not_found:
      return "not found";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::model_mismatch:
      return "model mismatch";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::plugin:
      return "plugin";
    case ErrorCode::engine:
      return "engine";
    case ErrorCode::limit:
      return "limit";
    case ErrorCode::io:
      return "io";
    case ErrorCode::internal:
      break;
  }
  return "internal";
}

int exit_status(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::usage:
      return 2;
    case ErrorCode::not_found:
      return 3;
    case ErrorCode::corrupt:
      return 4;
    case ErrorCode::model_mismatch:
    case ErrorCode::unsupported:
      return 5;
    case ErrorCode::plugin:
    case ErrorCode::engine:
      return 6;
    case ErrorCode::limit:
      return 7;
    case ErrorCode::io:
      return 8;
    case ErrorCode::internal:
      break;
  }
  return 1;
}

}  // namespace calotype
