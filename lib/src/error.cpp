// SPDX-License-Identifier: Apache-2.0
#include "calotype/error.hpp"

#include <cstring>
#include <new>
#include <opencv2/core.hpp>
#include <system_error>
#include <utility>

namespace calotype {
namespace {

Error no_memory(const std::string& who) {
  return Error(ErrorCode::limit, who + " ran out of memory",
               "try a smaller picture, or allow more memory (ulimit -v, or a larger machine)");
}

Error no_thread(const std::string& who) {
  return Error(ErrorCode::limit, who + " could not start a thread",
               "allow more of them (ulimit -u), or use one alone (cv::setNumThreads(1))");
}

/// What oneTBB, on whose threads Debian's OpenCV runs, throws where it can start none.
bool is_about_threads(const std::exception& e) { return std::strstr(e.what(), "pthread_create has failed"); }

Error bug_of(const std::string& who, const std::string& what, ErrorCode bug) {
  return Error(bug, who + " " + what,
               bug == ErrorCode::plugin ? "this is a bug in the plugin; please report it to its author"
                                        : "this is a bug in Calotype; please report it");
}

}  // namespace

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

Error current_error(const std::string& who, ErrorCode bug) {
  try {
    throw;
  } catch (const Error& e) {
    return e;
  } catch (const std::bad_alloc&) {
    return no_memory(who);
  } catch (const cv::Exception& e) {
    return e.code == cv::Error::StsNoMem ? no_memory(who) : bug_of(who, "failed in OpenCV: " + e.err, bug);
  } catch (const std::system_error& e) {
    return e.code() == std::errc::resource_unavailable_try_again ? no_thread(who)
                                                                 : bug_of(who, std::string("failed: ") + e.what(), bug);
  } catch (const std::exception& e) {
    return is_about_threads(e) ? no_thread(who) : bug_of(who, std::string("failed: ") + e.what(), bug);
  } catch (...) {
    return bug_of(who, "threw something that is no exception", bug);
  }
}

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
