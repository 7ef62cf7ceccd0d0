// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>

namespace calotype::latent {

/// A thread beside the one that starts it, on another core where there is one from its first instruction on: in virtual
/// machines Linux often leaves a new thread on the core of the old one, and takes several milliseconds to notice.
class Background {
 public:
  Background() = default;
  /// `work` throws nothing. Throws std::system_error where there can be no more threads.
  explicit Background(std::function<void()> work);
  /// Whether there was any work.
  explicit operator bool() const { return thread_ != nullptr; }

 private:
  struct Thread;
  std::shared_ptr<Thread> thread_;  // the last one waits for its end
};

}  // namespace calotype::latent
