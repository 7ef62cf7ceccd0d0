// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "calotype/error.hpp"
#include "calotype/io.hpp"

namespace calotype {

FileView::FileView(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    throw Error(errno == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                path + ": cannot read: " + std::generic_category().message(errno), "check the path");
  struct stat status {};
  const bool ordinary = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  const std::size_t size = ordinary ? static_cast<std::size_t>(status.st_size) : 0;
  void* const pages = size ? ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor, 0) : nullptr;
  ::close(descriptor);
  if (!ordinary || pages == MAP_FAILED)
    throw Error(ErrorCode::io, path + ": cannot be mapped into memory", "it must be an ordinary file");
  if (!size) return;
  pages_ = std::shared_ptr<const void>(pages, [size](const void* p) { ::munmap(const_cast<void*>(p), size); });
  size_ = size;
}

}  // namespace calotype
