// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <calotype/model.hpp>
#include <cstdint>
#include <opencv2/core/mat.hpp>

namespace calotype::restore {

/// The model's own tiles, or with `max_megabytes` above 0 the largest with which this process, as it is now plus a
/// result like `pixels` and its file, stays below that. The model's key restore.memory says what its network needs,
/// bytes per pixel of a tile with its halo. Throws limit with the least that would do.
TilePlan tile_plan(const Manifest& manifest, const cv::Mat& pixels, std::int64_t max_megabytes);

}  // namespace calotype::restore
