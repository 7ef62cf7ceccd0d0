// SPDX-License-Identifier: Apache-2.0
// To be preloaded: a malloc() that can be told to fail.
#include <dlfcn.h>

#include <atomic>
#include <cerrno>
#include <cstddef>

namespace {

std::atomic<std::size_t> least{0};
std::atomic<int> countdown{0};

}  // namespace

/// The nth call from now on for so many bytes or more will fail, and no other. Returns how many were left to go.
extern "C" __attribute__((visibility("default"))) int fail_malloc(std::size_t bytes, int nth) {
  least = bytes;
  return countdown.exchange(nth);
}

extern "C" __attribute__((visibility("default"))) void* malloc(std::size_t bytes) {
  using Malloc = void* (*)(std::size_t);
  static const Malloc real = reinterpret_cast<Malloc>(dlsym(RTLD_NEXT, "malloc"));
  if (countdown > 0 && bytes >= least && --countdown == 0) {
    errno = ENOMEM;
    return nullptr;
  }
  return real(bytes);
}
