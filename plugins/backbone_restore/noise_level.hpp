// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core/mat.hpp>

namespace calotype::restore {

/// Standard deviation of the white noise in a picture, in units of 1/255 of white. The eigenvalues of small patches'
/// covariance that belong to the noise alone are those whose mean is their median (Chen, Zhu and Heng, ICCV 2015).
double noise_level(const cv::Mat& pixels);

}  // namespace calotype::restore
