// SPDX-License-Identifier: Apache-2.0
#include "common/file_times.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <calotype/io.hpp>
#include <cerrno>

using calotype::file_error;

timespec modification_time(const std::string& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) throw file_error(path, "read", errno);
  return status.st_mtim;
}

void set_modification_time(const std::string& path, const timespec& time) {
  struct stat status;
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) return;
  const timespec times[] = {{0, UTIME_OMIT}, time};
  if (::utimensat(AT_FDCWD, path.c_str(), times, 0) != 0) throw file_error(path, "set its time", errno);
}
