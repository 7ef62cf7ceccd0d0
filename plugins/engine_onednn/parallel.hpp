// SPDX-License-Identifier: Apache-2.0
// Loops over rows. On OpenCV's threads, which the rest of the library uses too; between oneDNN's layers on OpenMP's,
// which wait actively for the next layer and would take the cores away from any others.
#pragma once
#include <algorithm>
#include <opencv2/core/utility.hpp>

#include "calotype/parallel.hpp"

namespace calotype::onednn {

/// How the loops that this thread starts are run.
struct Parallelism {
  int threads = 0;  ///< 0: all
  bool openmp = false;
};

inline Parallelism& parallelism() {
  thread_local Parallelism current;
  return current;
}

/// Calls work(begin, end) for pieces of 0 ... count.
template <class Work>
void parallel(int count, Work work) {
  const Parallelism how = parallelism();
  if (how.threads == 1 || count <= 1) return work(0, count);
  if (how.openmp) {
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < count; ++i) work(i, i + 1);
    return;
  }
  // More pieces than threads even out what else runs on the machine; but no more than `threads` may run at a time.
  const int all = cv::getNumThreads(), pieces = how.threads && how.threads < all ? how.threads : 4 * all;
  parallel_for(count, work, pieces);
}

}  // namespace calotype::onednn
