// SPDX-License-Identifier: Apache-2.0
// Lossless coding of the alpha plane: Paeth-filtered rows (PNG, section 9.4) through zlib.
#pragma once
#include <opencv2/core/mat.hpp>

#include "calotype/image.hpp"

namespace calotype::latent {

/// `plane`: one channel, CV_8U or CV_16U.
Bytes encode_alpha(const cv::Mat& plane);
/// A plane of exactly `size`. Throws corrupt.
cv::Mat decode_alpha(const std::uint8_t* data, std::size_t size, const cv::Size& expected);

}  // namespace calotype::latent
