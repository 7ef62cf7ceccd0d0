// SPDX-License-Identifier: Apache-2.0
#include "common/interrupt.hpp"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <initializer_list>

namespace {

std::atomic<int> received = 0;  // by whichever thread; looked at by all
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler cannot wait for a lock");

extern "C" void on_signal(int signal) {
  const int error = errno;
  received = signal;
  static const char note[] = "\ncalotype: stopping after the files at work; once more stops at once\n";
  [[maybe_unused]] const ssize_t told = write(STDERR_FILENO, note, sizeof note - 1);
  errno = error;
}

}  // namespace

void stop_gently() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESETHAND | SA_RESTART;  // the second one finds the default action
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction before {};
    sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
  }
}

int stop_signal() { return received; }
