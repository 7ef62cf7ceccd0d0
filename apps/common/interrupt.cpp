// SPDX-License-Identifier: Apache-2.0
#include "common/interrupt.hpp"

#include <signal.h>
#include <unistd.h>

namespace {

volatile sig_atomic_t received = 0;

extern "C" void on_signal(int signal) {
  received = signal;
  static const char note[] = "\ncalotype: stopping after the files at work; once more stops at once\n";
  if (write(STDERR_FILENO, note, sizeof note - 1) < 0) return;
}

}  // namespace

void stop_gently() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESETHAND | SA_RESTART;  // the second one finds the default action
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int stop_signal() { return received; }
