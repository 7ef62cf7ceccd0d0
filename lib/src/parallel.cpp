// SPDX-License-Identifier: Apache-2.0
#include "calotype/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <opencv2/core/utility.hpp>
#include <vector>

namespace calotype {

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
  try {
    cv::parallel_for_(cv::Range(0, count), piece, pieces > 0 ? pieces : -1.);
  } catch (...) {
    // No piece throws: OpenCV had no thread, or no memory, for some of them. What is left is done here.
    const auto none = done.end();
    for (auto begin = std::find(done.begin(), none, 0); begin != none; begin = std::find(begin, none, 0)) {
      const auto end = std::find(begin, none, 1);
      piece({static_cast<int>(begin - done.begin()), static_cast<int>(end - done.begin())});
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace calotype
