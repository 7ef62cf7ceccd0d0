// SPDX-License-Identifier: Apache-2.0
// The memory that sessions work in. They share it, because few of them run at a time, and memory that was used before
// is the fastest.
#pragma once
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "aligned.hpp"

namespace calotype::onednn {

struct Arena {
  AlignedBytes data;
  std::size_t size = 0;
};

/// Those that no session is running in. Safe from all threads.
class Arenas {
 public:
  /// One set for all sessions that there are; gone with the last of them.
  static std::shared_ptr<Arenas> shared();

  /// At least `bytes`, contents undefined. Throws std::bad_alloc.
  Arena take(std::size_t bytes);
  void put_back(Arena arena) noexcept;

 private:
  std::mutex mutex_;
  std::vector<Arena> free_;  // smallest first
};

}  // namespace calotype::onednn
