// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/imgcodecs.hpp>

#include "calotype/image.hpp"

namespace calotype {

/// cv::imdecode as stored, with its failures as Error. The caller has checked the header.
cv::Mat decode_with_imgcodecs(const Bytes& bytes, const ImageInfo& info);
/// cv::imencode, with its failures as Error.
Bytes encode_with_imgcodecs(const cv::Mat& pixels, const char* extension, const std::vector<int>& flags = {});

/// Spreads samples stored as 0..`white` over the whole range of their type.
void stretch(cv::Mat& pixels, double white);

}  // namespace calotype
