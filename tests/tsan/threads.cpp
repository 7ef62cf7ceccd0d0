// SPDX-License-Identifier: Apache-2.0
// Runs OpenCV's loops on threads that ThreadSanitizer knows. Those of oneTBB, which is not instrumented, hand over work
// in ways that it cannot see, so that every loop would look like a race.
#include <atomic>
#include <memory>
#include <opencv2/core/parallel/parallel_backend.hpp>
#include <thread>
#include <utility>
#include <vector>

namespace {

class Threads : public cv::parallel::ParallelForAPI {
 public:
  void parallel_for(int tasks, FN_parallel_for_body_cb_t body, void* data) override {
    std::atomic<int> next = 0;
    const auto work = [&] {
      for (int task; (task = next++) < tasks;) body(task, task + 1, data);
    };
    std::vector<std::thread> others;
    for (int i = 1; i < threads_; ++i) others.emplace_back(work);
    work();
    for (std::thread& other : others) other.join();
  }
  int getThreadNum() const override { return 0; }
  int getNumThreads() const override { return threads_; }
  int setNumThreads(int threads) override { return threads_.exchange(threads > 0 ? threads : kThreads); }
  const char* getName() const override { return "threads that ThreadSanitizer knows"; }

 private:
  static constexpr int kThreads = 3;
  std::atomic<int> threads_ = kThreads;
};

const bool installed = (cv::parallel::setParallelForBackend(std::make_shared<Threads>()), true);

}  // namespace
