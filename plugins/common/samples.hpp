// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>

namespace calotype {

/// The value of white: 255, 65535 or 1.
inline double full_scale(int depth) { return depth == CV_8U ? 255.0 : depth == CV_16U ? 65535.0 : 1.0; }

/// The same picture in samples of another depth, white staying white; the same Mat where the depth is right already.
inline cv::Mat with_depth(const cv::Mat& pixels, int depth) {
  if (pixels.depth() == depth) return pixels;
  cv::Mat converted;
  pixels.convertTo(converted, depth, full_scale(depth) / full_scale(pixels.depth()));
  return converted;
}

}  // namespace calotype
