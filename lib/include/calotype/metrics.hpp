// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core/mat.hpp>

#include "calotype/export.hpp"

namespace calotype {

/// Peak signal-to-noise ratio in dB over all samples of two images of equal size, type and channels; alpha is left out.
/// Equal images give infinity.
CALOTYPE_API double psnr(const cv::Mat& a, const cv::Mat& b);

/// Multi-scale structural similarity (Wang, Simoncelli and Bovik 2003): five scales, 11-tap Gaussian of sigma 1.5, mean
/// over colour channels; 1 is equal. Fewer scales, weights renormalised, for images under 176 samples a side.
CALOTYPE_API double ms_ssim(const cv::Mat& a, const cv::Mat& b);

}  // namespace calotype
