// SPDX-License-Identifier: Apache-2.0
#include "calotype/parallel.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <future>
#include <memory>
#include <new>
#include <opencv2/core/parallel/parallel_backend.hpp>
#include <opencv2/core/utility.hpp>
#include <system_error>
#include <thread>
#include <vector>

#include "calotype/error.hpp"
#include "pool.hpp"

namespace calotype {
namespace {

std::atomic<bool> pool_is_stuck = false;

/// Each attempt that fails leaves OpenCV, on oneTBB, with fewer threads to start.
void try_to_start_pool() {
  const int threads = cv::getNumThreads();
  for (int attempt = 0; attempt < threads; ++attempt) {
    try {
      return cv::parallel_for_(cv::Range(0, 2 * threads), [](const cv::Range&) {});
    } catch (const std::bad_alloc&) {
      pool_is_stuck = true;
      return;
    } catch (const std::exception&) {
    }
  }
}

/// All that a forked child has: the pool's threads are the parent's, and oneTBB would wait for them.
class OneThread : public cv::parallel::ParallelForAPI {
 public:
  void parallel_for(int tasks, FN_parallel_for_body_cb_t body, void* data) override { body(0, tasks, data); }
  int getThreadNum() const override { return 0; }
  int getNumThreads() const override { return 1; }
  int setNumThreads(int) override { return 1; }
  const char* getName() const override { return "the thread of a forked process"; }
};

void run_on_one_thread() { cv::parallel::setParallelForBackend(std::make_shared<OneThread>(), false); }

}  // namespace

void start_pool() {
  static const bool tried = (try_to_start_pool(), pthread_atfork(nullptr, nullptr, run_on_one_thread), true);
  if (tried && pool_is_stuck)
    throw Error(ErrorCode::limit, "there was no memory for OpenCV's threads, and it cannot be asked again",
                "start the program again with more memory (ulimit -v)");
}

void parallel_for(int count, const std::function<void(int begin, int end)>& work, int pieces) {
  if (count <= 0) return;
  std::vector<char> done(static_cast<std::size_t>(count));
  std::atomic<bool> failed = false;
  std::exception_ptr failure;  // written by whoever sets `failed`
  const auto piece = [&](const cv::Range& range) {
    try {
      work(range.start, range.end);
    } catch (...) {
      if (!failed.exchange(true)) failure = std::current_exception();
    }
    std::fill(done.begin() + range.start, done.begin() + range.end, char(1));
  };
  start_pool();
  try {
    cv::parallel_for_(cv::Range(0, count), piece, pieces > 0 ? pieces : -1.);
  } catch (const std::exception&) {
    // No piece throws: OpenCV could not start a thread, or had no memory. What is left is done here.
    const auto none = done.end();
    for (auto begin = std::find(done.begin(), none, 0); begin != none; begin = std::find(begin, none, 0)) {
      const auto end = std::find(begin, none, 1);
      piece({static_cast<int>(begin - done.begin()), static_cast<int>(end - done.begin())});
    }
  }
  if (failure) std::rethrow_exception(failure);
}

int startable_threads(int wanted) {
  std::promise<void> all_there;
  const std::shared_future<void> gate = all_there.get_future().share();
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(std::max(wanted, 0)));
  try {
    while (static_cast<int>(threads.size()) < wanted) threads.emplace_back([gate] { gate.wait(); });
  } catch (const std::exception&) {  // these are all
  }
  all_there.set_value();
  for (std::thread& thread : threads) thread.join();
  return static_cast<int>(threads.size());
}

}  // namespace calotype
