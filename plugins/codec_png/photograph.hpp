// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core/mat.hpp>
#include <vector>

#include "calotype/image.hpp"

namespace calotype {

/// The rows of a picture, filtered and compressed for PNG: a zlib stream in pieces, one for each IDAT chunk. One filter
/// and ISA-L's quick search, which is fast and loses little on photographs. On all threads; the result does not depend
/// on their number.
std::vector<Bytes> compress_photograph(const cv::Mat& pixels);

}  // namespace calotype
