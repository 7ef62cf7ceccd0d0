// SPDX-License-Identifier: Apache-2.0
#include "openmp.hpp"

#include <unistd.h>

#include <algorithm>

#include "calotype/parallel.hpp"

namespace calotype::onednn {

int openmp_threads(int wanted) {
  static const pid_t first_user = getpid();
  if (getpid() != first_user) return 1;
  thread_local int granted = 1;  // every thread that calls OpenMP has a team of its own, which it keeps
  if (wanted > granted) granted = 1 + startable_threads(wanted - 1);
  return std::min(wanted, granted);
}

}  // namespace calotype::onednn
