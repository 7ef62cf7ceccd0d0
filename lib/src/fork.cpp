// SPDX-License-Identifier: Apache-2.0
#include "fork.hpp"

#include <pthread.h>

#include <utility>
#include <vector>

namespace calotype {
namespace {

struct Guarded {
  std::mutex* mutex;
  std::function<void()> in_child;
};

struct List {
  std::mutex mutex;
  std::vector<Guarded> guarded;
};

List& list();

void hold_all() {
  list().mutex.lock();
  for (const Guarded& g : list().guarded) g.mutex->lock();
}

void release_all() {
  for (auto g = list().guarded.rbegin(); g != list().guarded.rend(); ++g) g->mutex->unlock();
  list().mutex.unlock();
}

void release_all_in_child() {
  for (const Guarded& g : list().guarded)
    if (g.in_child) g.in_child();
  release_all();
}

List& list() {
  static List* const instance = [] {
    pthread_atfork(hold_all, release_all, release_all_in_child);
    return new List;
  }();
  return *instance;
}

}  // namespace

void at_fork(std::mutex& mutex, std::function<void()> in_child) {
  const std::lock_guard<std::mutex> lock(list().mutex);
  list().guarded.push_back({&mutex, std::move(in_child)});
}

}  // namespace calotype
