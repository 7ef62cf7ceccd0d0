// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "decompressor.hpp"

namespace calotype {

/// Decodes the samples into `pixels`, whose size and type are right, and looks at what is behind them. The header has
/// been read, from `file`, and codec.out_color_space is set. Throws corrupt where anything of the picture is missing,
/// unless `lenient`, and then where nothing is there at all.
void read_scans(Decompressor& jpeg, const Bytes& file, bool lenient, cv::Mat& pixels, Losses& lost);

}  // namespace calotype
