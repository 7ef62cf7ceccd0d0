// SPDX-License-Identifier: Apache-2.0
// Loops over rows on OpenCV's threads, which the rest of the library uses too: a second pool whose threads wait
// actively would take its cores away.
#pragma once
#include <algorithm>
#include <opencv2/core/utility.hpp>

namespace calotype::onednn {

/// Threads for the loops that this thread starts; 0 for all.
inline int& thread_limit() {
  thread_local int limit = 0;
  return limit;
}

/// Calls work(begin, end) for pieces of 0 ... count.
template <class Work>
void parallel(int count, Work work) {
  const int limit = thread_limit();
  if (limit == 1 || count == 1) return work(0, count);
  // More pieces than threads even out what else runs on the machine.
  const int pieces = limit ? limit : 4 * cv::getNumThreads();
  cv::parallel_for_(
      cv::Range(0, count), [&](const cv::Range& r) { work(r.start, r.end); }, std::min(count, pieces));
}

}  // namespace calotype::onednn
