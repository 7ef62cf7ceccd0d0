// SPDX-License-Identifier: Apache-2.0
#include "background.hpp"

#include <pthread.h>
#include <signal.h>
#ifdef __linux__
#include <sched.h>
#endif

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <opencv2/core/utility.hpp>
#include <utility>
#include <vector>

namespace calotype::latent {
namespace {

/// How a new thread is to start.
class Attributes {
 public:
  Attributes() { pthread_attr_init(&value); }
  ~Attributes() { pthread_attr_destroy(&value); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;

  pthread_attr_t value;
};

/// As long as it lives, threads are started that leave the program's signals to its own.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGPROF}) sigdelset(&all, fault);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~SignalsHeld() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

class BackgroundThread {
 public:
  explicit BackgroundThread(Background::Work work) : work_(std::move(work)) {
    const SignalsHeld held;
    Attributes attributes;
#ifdef __linux__
    if (sched_getaffinity(0, sizeof allowed_, &allowed_) == 0) {
      cpu_set_t others = allowed_;
      CPU_CLR(std::size_t(sched_getcpu()), &others);
      elsewhere_ =
          CPU_COUNT(&others) > 0 && pthread_attr_setaffinity_np(&attributes.value, sizeof others, &others) == 0;
    }
#endif
    started_ = pthread_create(&handle_, &attributes.value, &run, this) == 0;
#ifdef __linux__
    if (!started_ && std::exchange(elsewhere_, false))
      started_ = pthread_create(&handle_, nullptr, &run, this) == 0;  // anywhere
#endif
  }

  bool was_started_here() const { return pthread_equal(starter_, pthread_self()); }

  void finish() {
    stop_ = true;
    if (!started_ || pthread_equal(handle_, pthread_self())) return;  // not itself, if what it calls calls exit()
    std::call_once(joined_, [this] { pthread_join(handle_, nullptr); });
  }

 private:
  static void* run(void* self) {
    const auto& thread = *static_cast<const BackgroundThread*>(self);
#ifdef __linux__
    if (thread.elsewhere_)
      sched_setaffinity(0, sizeof thread.allowed_, &thread.allowed_);  // it was only to start there
#endif
    thread.work_(thread.stop_);
    return nullptr;
  }

  const Background::Work work_;
  const pthread_t starter_ = pthread_self();
  pthread_t handle_{};
  bool started_ = false;
  std::atomic<bool> stop_ = false;
  std::once_flag joined_;
#ifdef __linux__
  cpu_set_t allowed_{};
  bool elsewhere_ = false;
#endif
};

namespace {

using Threads = std::vector<std::shared_ptr<BackgroundThread>>;

/// All that there are. Never destroyed.
struct Running {
  std::mutex mutex;
  Threads threads;
};

Running& running();

Threads all_threads() {
  const std::lock_guard<std::mutex> lock(running().mutex);
  return running().threads;
}

/// exit() begins with this, on the thread that calls it.
struct AtThreadsEnd {
  ~AtThreadsEnd() {
    for (const auto& thread : all_threads())
      if (thread->was_started_here()) thread->finish();
  }
};

void at_exit() {
  for (const auto& thread : all_threads()) thread->finish();
}

/// No other is started until the process has forked.
void before_fork() {
  running().mutex.lock();
  for (const auto& thread : running().threads) thread->finish();
}

void after_fork() { running().mutex.unlock(); }

Running& running() {
  static Running* const instance = [] {
    // What is made first goes last: OpenCV has to have made what its threads need before at_exit() is registered.
    cv::getNumThreads();
    std::atexit(at_exit);
    pthread_atfork(before_fork, after_fork, after_fork);
    return new Running;
  }();
  return *instance;
}

}  // namespace

Background::Background(Work work) {
  thread_local const AtThreadsEnd at_threads_end;
  static_cast<void>(at_threads_end);
  const std::lock_guard<std::mutex> lock(running().mutex);
  running().threads.reserve(running().threads.size() + 1);
  thread_ = std::make_shared<BackgroundThread>(std::move(work));
  running().threads.push_back(thread_);
}

Background::~Background() {
  thread_->finish();
  const std::lock_guard<std::mutex> lock(running().mutex);
  Threads& threads = running().threads;
  threads.erase(std::find(threads.begin(), threads.end(), thread_));
}

}  // namespace calotype::latent
