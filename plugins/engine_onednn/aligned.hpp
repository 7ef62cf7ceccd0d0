// SPDX-License-Identifier: Apache-2.0
// Memory that begins at a cache line or a page.
#pragma once
#ifdef __linux__
#include <sys/mman.h>
#endif

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace calotype::onednn {

struct FreeAligned {
  void operator()(char* p) const { std::free(p); }
};
using AlignedBytes = std::unique_ptr<char, FreeAligned>;

/// Contents undefined; `bytes` is a multiple of `alignment`. Throws std::bad_alloc.
inline AlignedBytes aligned_bytes(std::size_t bytes, std::size_t alignment = 64) {
  AlignedBytes memory(static_cast<char*>(std::aligned_alloc(alignment, bytes)));
  if (!memory && bytes) throw std::bad_alloc();
  return memory;
}

constexpr std::size_t kHugePage = std::size_t(2) << 20;

/// In huge pages, where the system has them; `bytes` is filled up to whole ones.
inline AlignedBytes huge_bytes(std::size_t& bytes) {
  bytes = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  AlignedBytes memory = aligned_bytes(bytes, kHugePage);
#ifdef MADV_HUGEPAGE
  madvise(memory.get(), bytes, MADV_HUGEPAGE);
#endif
  return memory;
}

}  // namespace calotype::onednn
