// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <string>

#include "calotype/image.hpp"

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

/// The same for an encoder: fewer bits, and floats beyond 0..1, are losses.
inline cv::Mat with_depth(const cv::Mat& pixels, int depth, Losses& lost) {
  const auto bits = [](int of) { return of == CV_8U ? 8 : of == CV_16U ? 16 : 32; };
  if (bits(depth) < bits(pixels.depth()))
    lost.add(LossKind::depth, "samples of " + std::to_string(bits(pixels.depth())) + " bits are reduced to " +
                                  std::to_string(bits(depth)));
  if (pixels.depth() == CV_32F && depth != CV_32F && !cv::checkRange(pixels, true, nullptr, -1e-4, 1 + 1e-4))
    lost.add(LossKind::pixels, "samples below 0 or above 1 are clipped");
  return with_depth(pixels, depth);
}

/// The colours alone, for an encoder: transparency, where there is any, is a loss.
inline cv::Mat without_alpha(const cv::Mat& pixels, Losses& lost) {
  if (!has_alpha(pixels)) return pixels;
  const int colours = pixels.channels() - 1;
  cv::Mat opaque(pixels.size(), CV_MAKETYPE(pixels.depth(), colours)), alpha;
  cv::mixChannels(std::vector<cv::Mat>{pixels}, std::vector<cv::Mat>{opaque},
                  colours == 1 ? std::vector<int>{0, 0} : std::vector<int>{0, 0, 1, 1, 2, 2});
  cv::extractChannel(pixels, alpha, colours);
  if (cv::countNonZero(alpha < full_scale(pixels.depth())) > 0) lost.add(LossKind::alpha, "transparency is left out");
  return opaque;
}

}  // namespace calotype
