// SPDX-License-Identifier: Apache-2.0
#include "background.hpp"

#include <pthread.h>
#ifdef __linux__
#include <sched.h>
#endif

#include <system_error>
#include <utility>

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

}  // namespace

struct Background::Thread {
  explicit Thread(std::function<void()> to_do) : work(std::move(to_do)) {
    Attributes attributes;
#ifdef __linux__
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
      cpu_set_t others = allowed;
      CPU_CLR(std::size_t(sched_getcpu()), &others);
      elsewhere = CPU_COUNT(&others) > 0 && pthread_attr_setaffinity_np(&attributes.value, sizeof others, &others) == 0;
    }
#endif
    int failed = pthread_create(&handle, &attributes.value, &run, this);
#ifdef __linux__
    if (failed && std::exchange(elsewhere, false)) failed = pthread_create(&handle, nullptr, &run, this);  // anywhere
#endif
    if (failed) throw std::system_error(failed, std::generic_category(), "no thread for work in the background");
  }
  ~Thread() { pthread_join(handle, nullptr); }
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  static void* run(void* self) {
    const auto& thread = *static_cast<const Thread*>(self);
#ifdef __linux__
    if (thread.elsewhere) sched_setaffinity(0, sizeof thread.allowed, &thread.allowed);  // it was only to start there
#endif
    thread.work();
    return nullptr;
  }

  std::function<void()> work;
  pthread_t handle{};
#ifdef __linux__
  cpu_set_t allowed{};
  bool elsewhere = false;
#endif
};

Background::Background(std::function<void()> work) : thread_(std::make_shared<Thread>(std::move(work))) {}

}  // namespace calotype::latent
