// SPDX-License-Identifier: Apache-2.0
#include "arena.hpp"

#include <algorithm>
#include <new>

namespace calotype::onednn {
namespace {

constexpr std::size_t kCacheLine = 64, kAtHand = 4;

/// In huge pages, where the system has them, if these are few: with small ones, the first use is thousands of page
/// faults. Many may have to be fetched from a virtual machine's host, which takes longer.
Arena allocate(std::size_t bytes) {
  Arena arena;
  arena.size = bytes;
  if (bytes >= 2 * kHugePage && bytes <= kAtHand * kHugePage) {
    arena.data = huge_bytes(arena.size);
    return arena;
  }
  const std::size_t alignment = bytes < 2 * kHugePage ? kCacheLine : kHugePage;
  arena.size = (bytes + alignment - 1) / alignment * alignment;
  arena.data = aligned_bytes(arena.size, alignment);
  return arena;
}

bool holds_less(const Arena& arena, std::size_t bytes) { return arena.size < bytes; }

}  // namespace

std::shared_ptr<Arenas> Arenas::shared() {
  struct Current {
    std::mutex mutex;
    std::weak_ptr<Arenas> arenas;
  };
  static Current* const current = new Current;  // never destroyed: sessions may live as long as the process
  const std::lock_guard<std::mutex> lock(current->mutex);
  auto arenas = current->arenas.lock();
  if (!arenas) current->arenas = arenas = std::make_shared<Arenas>();
  return arenas;
}

Arena Arenas::take(std::size_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = std::lower_bound(free_.begin(), free_.end(), bytes, holds_less);
  if (found == free_.end()) {
    if (!free_.empty()) free_.pop_back();  // the new one takes its place
    return allocate(bytes);
  }
  Arena arena = std::move(*found);
  free_.erase(found);
  return arena;
}

void Arenas::put_back(Arena arena) noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto place = std::lower_bound(free_.begin(), free_.end(), arena.size, holds_less);
  try {
    free_.insert(place, std::move(arena));
  } catch (const std::bad_alloc&) {  // the next run makes another
  }
}

}  // namespace calotype::onednn
