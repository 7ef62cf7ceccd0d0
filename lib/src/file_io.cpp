// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>

#include "calotype/error.hpp"
#include "calotype/io.hpp"
#include "io_internal.hpp"

namespace calotype {
namespace {

namespace fs = std::filesystem;

/// An open file descriptor that closes itself.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ > STDERR_FILENO) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }
  /// Reports what the kernel only says on closing (a full network disk).
  bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

[[noreturn]] void fail(const std::string& path, const char* action, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  const bool no_memory = error == ENOMEM;
  throw Error(missing     ? ErrorCode::not_found
              : no_memory ? ErrorCode::limit
                          : ErrorCode::io,
              path + ": cannot " + action + ": " + std::generic_category().message(error),
              missing           ? "check the path"
              : no_memory       ? "allow more memory (ulimit -v)"
              : error == ENOSPC ? "free some space"
              : error == EACCES ? "check the permissions"
                                : "");
}

[[noreturn]] void fail_limit(const std::string& path, std::int64_t limit) {
  throw Error(ErrorCode::limit, path + " is larger than the limit of " + std::to_string(limit) + " bytes",
              "raise the limit if you trust this file");
}

bool write_all(int fd, const Bytes& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  return true;
}

/// Names a new file only when it is whole, so that not even a killed process leaves a part of it. False where the file
/// exists already, or the file system cannot do that.
bool write_unnamed(const std::string& path, const Bytes& bytes) {
  if (::access(path.c_str(), F_OK) == 0) return false;
  const std::string folder = fs::path(path).parent_path().string();
  File file(::open(folder.empty() ? "." : folder.c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666));
  if (file.fd() < 0) return false;
  if (!write_all(file.fd(), bytes)) fail(path, "write", errno);
  const std::string link = "/proc/self/fd/" + std::to_string(file.fd());
  if (::linkat(AT_FDCWD, link.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) != 0) return false;
  if (file.close()) return true;
  const int error = errno;
  ::unlink(path.c_str());
  fail(path, "write", error);
}

/// A new file `.name.XXXXXX.tmp` beside the target, removed again unless it was published.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& target) : target_(target), file_(create()) {}
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(const Bytes& bytes) {
    if (!write_all(file_.fd(), bytes) || !file_.close()) fail(target_, "write", errno);
  }

  void publish(bool overwrite) {
    if ((overwrite ? ::rename(path_.c_str(), target_.c_str()) : rename_if_absent()) != 0) {
      if (errno == EEXIST) check_writable(target_, false);
      fail(target_, "write", errno);
    }
    path_.clear();
  }

 private:
  int create() {
    const fs::path target(target_);
    // A file name may have 255 bytes; the longest ones are cut to make room for the suffix.
    const std::string prefix = "." + target.filename().string().substr(0, 240) + ".";
    std::random_device random;
    for (int attempt = 0; attempt < 100; ++attempt) {
      char suffix[16];
      std::snprintf(suffix, sizeof suffix, "%06x.tmp", random() & 0xffffffu);
      path_ = (target.parent_path() / (prefix + suffix)).string();
      const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (fd >= 0) return fd;
      if (errno != EEXIST) break;
    }
    path_.clear();
    fail(target_, "write", errno);
  }

  int rename_if_absent() const {
    if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1;
    // A file system without that flag; a hard link refuses an existing name, too.
    if (::link(path_.c_str(), target_.c_str()) != 0) return -1;
    ::unlink(path_.c_str());
    return 0;
  }

  std::string target_, path_;
  File file_;
};

/// Devices and pipes are written to, not replaced.
bool is_special(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

}  // namespace

void check_writable(const std::string& path, bool overwrite) {
  struct stat status;
  if (path == "-" || ::stat(path.c_str(), &status) != 0) return;
  if (S_ISDIR(status.st_mode)) throw Error(ErrorCode::usage, path + " is a directory", "name a file in it");
  if (!overwrite && S_ISREG(status.st_mode))
    throw Error(ErrorCode::usage, path + " exists already", "choose another name or add --overwrite");
}

struct FileView::Pages {
  Pages(void* where, std::size_t count) : data(where), size(count) {}
  ~Pages() { ::munmap(data, size); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  void* const data;
  const std::size_t size;
};

FileView::FileView(const std::string& path, const Limits& limits) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a pipe is refused, not waited for
  struct stat status;
  if (file.fd() < 0 || ::fstat(file.fd(), &status) != 0) fail(path, "read", errno);
  if (!S_ISREG(status.st_mode)) throw Error(ErrorCode::io, path + " is no ordinary file", "give the name of one");
  if (status.st_size > limits.max_file_bytes) fail_limit(path, limits.max_file_bytes);
  if (status.st_size == 0) return;  // which cannot be mapped
  const auto size = static_cast<std::size_t>(status.st_size);
  void* const data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.fd(), 0);
  if (data == MAP_FAILED) fail(path, "read", errno);
  pages_ = std::make_shared<const Pages>(data, size);
}

const std::uint8_t* FileView::data() const { return pages_ ? static_cast<const std::uint8_t*>(pages_->data) : nullptr; }
std::size_t FileView::size() const { return pages_ ? pages_->size : 0; }

Bytes read_file(const std::string& path, const Limits& limits) {
  const File file(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) fail(path, "read", errno);
  struct stat status;
  if (::fstat(file.fd(), &status) != 0) fail(path, "read", errno);
  if (S_ISDIR(status.st_mode)) fail(path, "read", EISDIR);

  constexpr std::size_t kChunk = std::size_t(1) << 16;
  const std::size_t limit = static_cast<std::size_t>(std::max<std::int64_t>(limits.max_file_bytes, 0));
  const std::size_t expected = S_ISREG(status.st_mode) ? static_cast<std::size_t>(status.st_size) : 0;
  Bytes bytes(std::min(expected, limit) + 1);  // one more than needed, to see the end without growing
  std::size_t size = 0;
  for (;;) {
    if (size == bytes.size()) bytes.resize(std::max(size * 2, kChunk));
    const ssize_t n = ::read(file.fd(), bytes.data() + size, bytes.size() - size);
    if (n < 0 && errno != EINTR) fail(path, "read", errno);
    if (n == 0) break;
    if (n > 0) size += static_cast<std::size_t>(n);
    if (size > limit) fail_limit(path, limits.max_file_bytes);
  }
  bytes.resize(size);
  return bytes;
}

void write_file(const std::string& path, const Bytes& bytes, bool overwrite) {
  if (path == "-" || is_special(path)) {
    File file(path == "-" ? STDOUT_FILENO : ::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (file.fd() < 0 || !write_all(file.fd(), bytes)) fail(path == "-" ? "standard output" : path, "write", errno);
    return;
  }
  check_writable(path, overwrite);
  if (write_unnamed(path, bytes)) return;
  TemporaryFile temporary(path);
  temporary.write(bytes);
  temporary.publish(overwrite);
}

std::string extension_of(const std::string& path) {
  std::string extension = fs::path(path).extension().string();
  if (!extension.empty()) extension.erase(0, 1);
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

}  // namespace calotype
