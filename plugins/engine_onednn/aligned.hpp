// SPDX-License-Identifier: Apache-2.0
// Memory that begins at a cache line or a page.
#pragma once
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

}  // namespace calotype::onednn
