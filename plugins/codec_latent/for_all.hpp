// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core/utility.hpp>

namespace calotype::latent {

/// Calls f(0) ... f(count - 1), on all threads.
template <class F>
void for_all(int count, F f) {
  cv::parallel_for_(cv::Range(0, count), [&](const cv::Range& range) {
    for (int i = range.start; i < range.end; ++i) f(i);
  });
}

}  // namespace calotype::latent
