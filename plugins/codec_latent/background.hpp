// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <functional>
#include <memory>

namespace calotype::latent {

class BackgroundThread;

/// A thread beside the one that starts it, on another core where there is one from its first instruction on: in virtual
/// machines Linux often leaves a new thread on the core of the old one, and takes several milliseconds to notice.
///
/// Nobody's work outlives what it uses: it is told to stop and waited for when the object goes; when the thread that
/// started it ends, and so before exit() there destroys anything; when another thread calls exit(); and before fork(),
/// so that no child is born in the middle of it.
class Background {
 public:
  /// Throws nothing, and returns soon when `stop` becomes true. Where there can be no more threads it is never called.
  using Work = std::function<void(const std::atomic<bool>& stop)>;
  explicit Background(Work work);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

 private:
  std::shared_ptr<BackgroundThread> thread_;
};

}  // namespace calotype::latent
