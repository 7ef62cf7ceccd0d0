// SPDX-License-Identifier: Apache-2.0
#include "network_cache.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>

#include "fork.hpp"

namespace calotype {

FileIdentity::FileIdentity(const std::filesystem::path& path) {
  struct stat file {};
  if (stat(path.c_str(), &file) != 0) return;
  device = file.st_dev;
  inode = file.st_ino;
  size = static_cast<std::uint64_t>(file.st_size);
  seconds = file.st_mtim.tv_sec;
  nanoseconds = file.st_mtim.tv_nsec;
}

namespace {

std::filesystem::path real_path(const std::filesystem::path& file) {
  std::error_code missing;
  const auto path = std::filesystem::canonical(file, missing);
  return missing ? file : path;
}

bool is_finished(const std::shared_future<std::shared_ptr<Network>>& network) {
  return network.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

}  // namespace

NetworkKey::NetworkKey(const Manifest::Part& part, const Manifest::Part* used, const EngineChoice& how)
    : file(real_path(part.file)),
      identity(part.file),
      used_identity(used ? used->file : std::filesystem::path()),
      checksum(part.xxh128),
      choice(how) {}

bool NetworkKey::operator==(const NetworkKey& other) const {
  const auto tied = [](const NetworkKey& k) {
    return std::tie(k.file, k.identity, k.used_identity, k.checksum, k.choice);
  };
  return tied(*this) == tied(other);
}

NetworkCache::NetworkCache(std::size_t bound) : bound_(bound) {
  at_fork(mutex_, [this] { forget_unfinished(); });
}

std::shared_ptr<Network> NetworkCache::get(const NetworkKey& key,
                                           const std::function<std::shared_ptr<Network>()>& load) {
  for (;;) {
    std::promise<std::shared_ptr<Network>> promise;
    Future network;
    std::list<Slot> surplus;  // goes when the lock is gone
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      const auto slot = find(key);
      if (slot == slots_.end()) {
        slots_.push_front({key, promise.get_future().share()});
        surplus = take_surplus();
      } else {
        slots_.splice(slots_.begin(), slots_, slot);
        network = slot->network;
      }
    }
    if (network.valid()) {
      if (auto loaded = network.get()) return loaded;
      continue;
    }
    try {
      auto loaded = load();
      promise.set_value(loaded);
      return loaded;
    } catch (...) {
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (const auto slot = find(key); slot != slots_.end()) slots_.erase(slot);
      }
      promise.set_value(nullptr);
      throw;
    }
  }
}

std::size_t NetworkCache::size() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return slots_.size();
}

std::list<NetworkCache::Slot>::iterator NetworkCache::find(const NetworkKey& key) {
  return std::find_if(slots_.begin(), slots_.end(), [&](const Slot& slot) { return slot.key == key; });
}

std::list<NetworkCache::Slot> NetworkCache::take_surplus() {
  std::list<Slot> surplus;
  for (auto slot = slots_.end(); slot != slots_.begin() && slots_.size() > bound_;) {
    --slot;
    if (!is_finished(slot->network) || slot->network.get().use_count() > 1) continue;
    const auto unused = slot++;
    surplus.splice(surplus.end(), slots_, unused);
  }
  return surplus;
}

/// In a child of fork(): the threads that were loading these are not there.
void NetworkCache::forget_unfinished() {
  slots_.remove_if([](const Slot& slot) { return !is_finished(slot.network); });
}

}  // namespace calotype
