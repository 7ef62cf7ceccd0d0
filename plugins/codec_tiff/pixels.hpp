// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core/mat.hpp>

#include "layout.hpp"

namespace calotype {

/// The samples that make up the picture, in the file's order and of the layout's stored depth; indices of palettes as
/// they are, everything else stretched to the whole range. Throws corrupt where a piece cannot be read. If `lenient`,
/// for which the source must be padded, such pieces stay 0, and how much that is becomes a loss of pixels.
cv::Mat read_samples(TiffSource& source, const Layout& layout, bool lenient, Losses& lost);

}  // namespace calotype
