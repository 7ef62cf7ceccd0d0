// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <opencv2/core/mat.hpp>

#include "calotype/engine.hpp"

namespace calotype {

/// How a fully convolutional network may be run in pieces without a seam. Lengths are in input samples.
struct TilePlan {
  int size = 1024;   ///< side of a tile's core, a multiple of `multiple`
  int halo = 64;     ///< context around the core, at least the receptive field's radius, a multiple of `multiple`
  int multiple = 1;  ///< input sides must be multiples of this
};

/// Runs `session` (one input, one output) over the tensor 1,C,H,W in cores of `plan.size` with `plan.halo` around them, so that
/// the result equals one run over the whole within floating-point rounding. H and W are multiples of `plan.multiple`.
/// `scale` is output samples per input sample (1/16 for an analysis, 16 for a synthesis transform).
/// `sink` receives each finished core as a 1,C',h,w tensor and its rectangle in output samples, in raster order.
CALOTYPE_API void run_tiled(Session& session, const cv::Mat& tensor, const TilePlan& plan, double scale,
                            const std::function<void(const cv::Mat&, const cv::Rect&)>& sink);

/// The same, collected into one tensor.
CALOTYPE_API cv::Mat run_tiled(Session& session, const cv::Mat& tensor, const TilePlan& plan, double scale = 1);

}  // namespace calotype
