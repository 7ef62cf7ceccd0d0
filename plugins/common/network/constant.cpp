// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <numeric>
#include <opencv2/core.hpp>

#include "graph.hpp"

namespace calotype::network {

void Constant::copy(std::size_t first, std::size_t count, float* to) const {
  if (!halves) {
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(first), count, to);
    return;
  }
  cv::Mat wide(1, static_cast<int>(count), CV_32F, to);
  cv::Mat(1, wide.cols, CV_16F, const_cast<std::uint8_t*>(halves.get() + 2 * first)).convertTo(wide, CV_32F);
}

std::vector<float> Constant::floats() const {
  if (!halves) return values;
  std::vector<float> wide(std::accumulate(dims.begin(), dims.end(), std::size_t{1}, std::multiplies<>()));
  copy(0, wide.size(), wide.data());
  return wide;
}

}  // namespace calotype::network
