// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>

#include "calotype/error.hpp"
#include "calotype/io.hpp"
#include "file.hpp"

namespace calotype {
namespace {

Error cannot_read(const std::string& path, int error) {
  return file_error(path == "-" ? "standard input" : path, "read", error);
}

[[noreturn]] void fail_limit(const std::string& path, std::int64_t limit) {
  throw Error(ErrorCode::limit, path + " is larger than the limit of " + std::to_string(limit) + " bytes",
              "raise the limit if you trust this file");
}

}  // namespace

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
  if (file.fd() < 0 || ::fstat(file.fd(), &status) != 0) throw cannot_read(path, errno);
  if (!S_ISREG(status.st_mode)) throw Error(ErrorCode::io, path + " is no ordinary file", "give the name of one");
  if (status.st_size > limits.max_file_bytes) fail_limit(path, limits.max_file_bytes);
  if (status.st_size == 0) return;  // which cannot be mapped
  const auto size = static_cast<std::size_t>(status.st_size);
  void* const data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.fd(), 0);
  if (data == MAP_FAILED) throw cannot_read(path, errno);
  pages_ = std::make_shared<const Pages>(data, size);
}

const std::uint8_t* FileView::data() const { return pages_ ? static_cast<const std::uint8_t*>(pages_->data) : nullptr; }
std::size_t FileView::size() const { return pages_ ? pages_->size : 0; }

Bytes read_file(const std::string& path, const Limits& limits) {
  const File file(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) throw cannot_read(path, errno);
  struct stat status;
  if (::fstat(file.fd(), &status) != 0) throw cannot_read(path, errno);
  if (S_ISDIR(status.st_mode)) throw cannot_read(path, EISDIR);

  constexpr std::size_t kChunk = std::size_t(1) << 16;
  const std::size_t limit = static_cast<std::size_t>(std::max<std::int64_t>(limits.max_file_bytes, 0));
  const std::size_t expected = S_ISREG(status.st_mode) ? static_cast<std::size_t>(status.st_size) : 0;
  Bytes bytes(std::min(expected, limit) + 1);  // one more than needed, to see the end without growing
  std::size_t size = 0;
  for (;;) {
    if (size == bytes.size()) bytes.resize(std::max(size * 2, kChunk));
    const ssize_t n = ::read(file.fd(), bytes.data() + size, bytes.size() - size);
    if (n < 0 && errno != EINTR) throw cannot_read(path, errno);
    if (n == 0) break;
    if (n > 0) size += static_cast<std::size_t>(n);
    if (size > limit) fail_limit(path, limits.max_file_bytes);
  }
  bytes.resize(size);
  return bytes;
}

std::string extension_of(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  if (!extension.empty()) extension.erase(0, 1);
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

}  // namespace calotype
