// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <random>

#include "calotype/error.hpp"
#include "calotype/io.hpp"
#include "file.hpp"

namespace calotype {
namespace {

namespace fs = std::filesystem;

Error cannot_write(const std::string& path, int error) { return file_error(path, "write", error); }

Error exists_already(const std::string& path) {
  return Error(ErrorCode::usage, path + " exists already", "choose another name or add --overwrite");
}

bool write_all(int fd, const Bytes& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  return true;
}

/// False where the bytes cannot reach the disk; true where the file system has no such promise to give.
bool reaches_disk(int fd) { return ::fsync(fd) == 0 || errno == EINVAL || errno == ENOSYS || errno == ENOTSUP; }

/// Names a new file only when it is whole, so that not even a killed process leaves a part of it. False where the file
/// exists already, or the file system cannot do that.
bool write_unnamed(const std::string& path, const Bytes& bytes) {
  const std::string folder = fs::path(path).parent_path().string();
  File file(::open(folder.empty() ? "." : folder.c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666));
  if (file.fd() < 0) return false;
  if (!write_all(file.fd(), bytes)) throw cannot_write(path, errno);
  const std::string link = "/proc/self/fd/" + std::to_string(file.fd());
  if (::linkat(AT_FDCWD, link.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) != 0) return false;
  if (file.close()) return true;
  const int error = errno;
  ::unlink(path.c_str());
  throw cannot_write(path, error);
}

/// Owner, as far as this process may give files away, and mode. A group that cannot be kept is treated like everybody
/// else.
void inherit(int fd, const struct stat& replaced) {
  mode_t mode = replaced.st_mode & 0777;
  if (::fchown(fd, replaced.st_uid, replaced.st_gid) != 0 && ::fchown(fd, static_cast<uid_t>(-1), replaced.st_gid) != 0)
    mode = (mode & 0707) | (mode & 07) << 3;
  [[maybe_unused]] const int kept = ::fchmod(fd, mode);  // a file system without modes needs none
}

/// A new file beside the target, removed again unless it was published.
class TemporaryFile {
 public:
  /// `replaced`: what the target is now; null where it does not exist.
  TemporaryFile(const std::string& target, const struct stat* replaced)
      : target_(target), replaces_(replaced != nullptr), file_(create()) {
    if (replaced) inherit(file_.fd(), *replaced);  // before there is anything to read
  }
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(const Bytes& bytes) {
    // What is replaced is gone for good, so that the new file must be on the disk first.
    if (!write_all(file_.fd(), bytes) || (replaces_ && !reaches_disk(file_.fd())) || !file_.close())
      throw cannot_write(target_, errno);
  }

  void publish(bool overwrite) {
    if ((overwrite ? ::rename(path_.c_str(), target_.c_str()) : rename_if_absent()) != 0)
      throw errno == EEXIST ? exists_already(target_) : cannot_write(target_, errno);
    path_.clear();
  }

 private:
  int create() {
    std::random_device random;
    int error = EEXIST;
    for (int attempt = 0; attempt < 100 && error == EEXIST; ++attempt) {
      char name[32];
      std::snprintf(name, sizeof name, ".calotype-%06x.tmp", random() & 0xffffffu);
      path_ = (fs::path(target_).parent_path() / name).string();
      const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, replaces_ ? 0600 : 0666);
      if (fd >= 0) return fd;
      error = errno;
    }
    path_.clear();
    throw cannot_write(target_, error);
  }

  int rename_if_absent() const {
    if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1;
    // A file system without that flag; a hard link refuses an existing name, too.
    if (::link(path_.c_str(), target_.c_str()) != 0) return -1;
    ::unlink(path_.c_str());
    return 0;
  }

  const std::string target_;
  const bool replaces_;
  std::string path_;
  File file_;
};

/// Where the file lies that a symbolic link leads to.
std::string behind_links(const std::string& path) {
  std::error_code failed;
  const fs::path real = fs::canonical(path, failed);
  if (failed) throw cannot_write(path, failed.value());
  return real.string();
}

bool is_link(const std::string& path) {
  struct stat status;
  return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

/// Devices and pipes are written to, not replaced.
bool is_special(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

void write_special(const std::string& path, const Bytes& bytes) {
  const bool standard = path == "-";
  const std::string name = standard ? "standard output" : path;
  File file(standard ? STDOUT_FILENO : ::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.fd() < 0 || !write_all(file.fd(), bytes)) throw cannot_write(name, errno);
}

}  // namespace

void check_writable(const std::string& path, bool overwrite) {
  struct stat status;
  if (path == "-") return;
  if (::stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) throw cannot_write(path, errno);
    if (is_link(path))
      throw Error(ErrorCode::usage, path + " is a symbolic link to what does not exist",
                  "remove the link, or name the file that it should lead to");
    return;
  }
  if (S_ISDIR(status.st_mode)) throw Error(ErrorCode::usage, path + " is a directory", "name a file in it");
  if (!overwrite && S_ISREG(status.st_mode)) throw exists_already(path);
}

void write_file(const std::string& path, const Bytes& bytes, bool overwrite) {
  if (path == "-" || is_special(path)) return write_special(path, bytes);
  check_writable(path, overwrite);
  struct stat replaced;
  const bool exists = ::stat(path.c_str(), &replaced) == 0;
  if (!exists && write_unnamed(path, bytes)) return;
  TemporaryFile temporary(is_link(path) ? behind_links(path) : path, exists ? &replaced : nullptr);
  temporary.write(bytes);
  temporary.publish(overwrite);
}

}  // namespace calotype
