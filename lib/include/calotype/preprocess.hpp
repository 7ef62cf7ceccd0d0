// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <opencv2/core/mat.hpp>
#include <opencv2/core/types.hpp>
#include <string>

#include "calotype/export.hpp"

namespace calotype {

/// What black and white are for a network.
struct SampleRange {
  double black = 0, white = 1;
};

/// How a network wants its picture: [input] of model.ini (docs/models.md).
struct InputSpec {
  enum class Fit { stretch, letterbox, crop };
  enum class Channels { rgb, bgr, grey };

  std::string name;        ///< of the network's only input
  cv::Size size;           ///< 0x0: any
  Fit fit = Fit::stretch;  ///< how a picture gets that size
  Channels channels = Channels::rgb;
  bool channels_last = false;  ///< 1,H,W,C; else 1,C,H,W
  SampleRange range;
  /// A sample goes in as (value in `range` - mean) / deviation; in the order of `channels`.
  std::array<double, 3> mean = {0, 0, 0}, deviation = {1, 1, 1};

  int count() const { return channels == Channels::grey ? 1 : 3; }
  bool is_free() const { return size.empty(); }
};

/// The tensor of a picture (Image::pixels) as it is, alpha aside: continuous CV_32F of four dimensions. Grey pictures
/// become three equal channels where the network wants colours; colours become grey (BT.601) where it wants that.
CALOTYPE_API cv::Mat to_tensor(const cv::Mat& pixels, const InputSpec& input);

/// The other way, for networks that make pictures: CV_32F, one channel or three (BGR), 0 to 1 where the samples are
/// within `range`. `tensor` is of four dimensions, in the layout and order of `input`. Throws corrupt unless it is one
/// picture of one or three channels of finite numbers.
CALOTYPE_API cv::Mat from_tensor(const cv::Mat& tensor, const InputSpec& input, const SampleRange& range);

}  // namespace calotype
