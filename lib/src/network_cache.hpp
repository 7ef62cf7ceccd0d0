// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include "calotype/model.hpp"

namespace calotype {

/// Which file lies at a path at the moment: another one, or the same with other contents, is unequal. Zeros where there
/// is none.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t seconds = 0, nanoseconds = 0;  // of the last change

  explicit FileIdentity(const std::filesystem::path& path);
  auto tied() const { return std::tie(device, inode, size, seconds, nanoseconds); }
  bool operator==(const FileIdentity& other) const { return tied() == other.tied(); }
};

/// A network, and how it is to run.
struct NetworkKey {
  std::filesystem::path file;  ///< canonical
  FileIdentity identity, used_identity;
  std::string checksum;
  EngineChoice choice;

  NetworkKey(const Manifest::Part& part, const Manifest::Part* used, const EngineChoice& how);
  bool operator==(const NetworkKey& other) const;
};

/// Networks, each loaded once and then shared. Beyond `bound` of them those go that nobody uses, the least recently
/// used first. Safe from all threads, and in a child of fork(). Never destroyed.
class NetworkCache {
 public:
  explicit NetworkCache(std::size_t bound);
  /// What `load` made of an equal key, now or earlier. Waits where another thread is at it; where that one fails, it is
  /// the next one's turn.
  std::shared_ptr<Network> get(const NetworkKey& key, const std::function<std::shared_ptr<Network>()>& load);
  std::size_t size();

 private:
  using Future = std::shared_future<std::shared_ptr<Network>>;  // null: the one who loaded it has failed
  struct Slot {
    NetworkKey key;
    Future network;
  };

  std::list<Slot>::iterator find(const NetworkKey& key);
  std::list<Slot> take_surplus();
  void forget_unfinished();

  const std::size_t bound_;
  std::mutex mutex_;
  std::list<Slot> slots_;  // last used first
};

}  // namespace calotype
