// SPDX-License-Identifier: Apache-2.0
// Between pictures and the tensors of a restoring network.
#pragma once
#include <opencv2/core/mat.hpp>

namespace calotype::restore {

/// 1,4,h,w: red, green and blue from 0 to 1, then the condition. Beyond its border the picture is mirrored.
cv::Mat load_tile(const cv::Mat& pixels, const cv::Mat& condition, const cv::Rect& from);

/// target = pixels - strength * wrong, rounded and clipped to the samples' type. `wrong` is 1,3,h,w and may be larger
/// than the picture; alpha is copied; grey takes the mean of the three.
void subtract_tile(const cv::Mat& pixels, const cv::Mat& wrong, double strength, cv::Mat& target);

}  // namespace calotype::restore
