// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core/mat.hpp>

namespace calotype::restore {

/// Fills holes roughly, by push and pull (training/restore/holes.py): means of the known samples at half, a quarter,
/// ... of the size. `samples` is CV_32F of any channels, `mask` CV_8U, not zero where samples are missing.
cv::Mat fill(const cv::Mat& samples, const cv::Mat& mask);

}  // namespace calotype::restore
