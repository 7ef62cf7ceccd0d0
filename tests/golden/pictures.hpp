// SPDX-License-Identifier: Apache-2.0
// Pictures made by formula, so that no test needs a file.
#pragma once
#include <cmath>
#include <opencv2/core.hpp>

/// Smooth shading, an edge and a fine texture; 1, 3 or 4 channels of `depth` CV_8U or CV_16U.
inline cv::Mat test_picture(int width, int height, int channels, int depth = CV_8U) {
  cv::Mat picture(height, width, CV_MAKETYPE(depth, channels));
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c) {
        const double shade = 0.45 + 0.25 * std::sin(0.021 * x + c) + 0.15 * std::cos(0.034 * y - 0.5 * c);
        const double edge = (x / 40 + y / 56) % 2 ? 0.08 : -0.04;
        const double texture = 0.04 * std::sin(0.9 * x + 0.2 * y) * std::sin(0.7 * y);
        const double v = std::min(std::max(c == 3 ? double(x + y) / (width + height) : shade + edge + texture, 0.), 1.);
        if (depth == CV_8U)
          picture.ptr<std::uint8_t>(y)[x * channels + c] = std::uint8_t(std::lround(255 * v));
        else
          picture.ptr<std::uint16_t>(y)[x * channels + c] = std::uint16_t(std::lround(65535 * v));
      }
  return picture;
}
