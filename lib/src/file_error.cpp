// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <system_error>

#include "calotype/io.hpp"

namespace calotype {
namespace {

const char* way_out(int error) {
  switch (error) {
    case ENOENT:
      return "check the path";
    case ENOTDIR:
      return "a part of the path is a file where a folder should be";
    case EISDIR:
      return "name a file in it";
    case EEXIST:
      return "choose another name";
    case EACCES:
    case EPERM:
      return "check the permissions, or choose another place";
    case EROFS:
      return "the file system is read-only; choose another place";
    case ENOSPC:
      return "free some space, or choose another place";
    case EDQUOT:
      return "your quota is used up; free some space, or choose another place";
    case EFBIG:
      return "raise the limit on the size of files (ulimit -f), or choose another file system";
    case ENAMETOOLONG:
      return "choose a shorter name";
    case ELOOP:
      return "symbolic links lead back to themselves; remove them, or name the file itself";
    case EMFILE:
    case ENFILE:
      return "raise the limit on open files (ulimit -n), or work on fewer at once";
    case ENOMEM:
      return "allow more memory (ulimit -v)";
    case EBADF:
      return "it is closed; redirect it, to /dev/null if need be";
    case EPIPE:
      return "whatever was to read it has ended";
    default:
      return "try again or in another place, and look into the system's log";
  }
}

}  // namespace

Error file_error(const std::string& path, const std::string& action, int error) {
  const ErrorCode code = error == ENOENT ? ErrorCode::not_found : error == ENOMEM ? ErrorCode::limit : ErrorCode::io;
  return Error(code, path + ": cannot " + action + ": " + std::generic_category().message(error), way_out(error));
}

}  // namespace calotype
