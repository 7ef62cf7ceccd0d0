// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <calotype/image.hpp>
#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

namespace calotype::restore {

/// What is to be repaired, CV_8U 255 and 0, of the picture's size: white in the file `path`; where that is empty, the
/// picture's mask, or else where it is transparent. Throws usage when nothing says it, or the sizes differ.
cv::Mat hole_mask(const Image& image, const std::string& path);

/// Rectangles that together hold all holes with some of their surroundings, without overlapping.
std::vector<cv::Rect> surroundings(const cv::Mat& mask);

/// The largest distance of a missing pixel from the nearest known one.
double hole_depth(const cv::Mat& mask);

}  // namespace calotype::restore
