// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <calotype/preprocess.hpp>

namespace calotype::foreign {

/// The picture at the size that the network wants, as `input.fit` says; the same Mat where any size will do.
cv::Mat fitted(const cv::Mat& pixels, const InputSpec& input);

}  // namespace calotype::foreign
