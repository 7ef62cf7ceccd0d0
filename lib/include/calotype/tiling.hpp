// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <opencv2/core/mat.hpp>
#include <opencv2/core/types.hpp>

#include "calotype/engine.hpp"

namespace calotype {

/// How a fully convolutional network may be run in pieces without a seam. Lengths are in input samples.
struct TilePlan {
  int size = 1024;   ///< side of a tile's core, a multiple of `multiple`
  int halo = 64;     ///< context around the core, at least the receptive field's radius, a multiple of `multiple`
  int multiple = 1;  ///< input sides must be multiples of this
  /// Not empty: every input has exactly these sides, halos included, and `size` is not used.
  cv::Size window = {};
};

/// Runs `session` (one input named "x", one output) over a tensor 1,C,H,W in cores of `plan.size` with `plan.halo`
/// around them, so that the result equals one run over the whole within floating-point rounding, in bounded memory.
/// `size` is W x H, multiples of `plan.multiple`, or not smaller than `plan.window`. `scale` is output samples per
/// input sample (1/16 for an analysis, 16 for a synthesis transform). `source` makes the input 1,C,h,w of a rectangle
/// in input samples, never outside the tensor. `sink` receives each finished core as a continuous 1,C',h,w tensor
/// (valid during the call) and its rectangle in output samples, in raster order. Cores that do not touch `region` (in
/// output samples; empty: everything) are left out. `source` may return pictures or channels-last tensors instead (see
/// TensorMap), and `sink` gets pictures of type `form` (CV_8UC3, ...), or tensors h,w,C' for CV_32F, where that is
/// given; the output's name must then be "y".
CALOTYPE_API void run_tiled(Session& session, const cv::Size& size, const TilePlan& plan, double scale,
                            const std::function<cv::Mat(const cv::Rect&)>& source,
                            const std::function<void(const cv::Mat&, const cv::Rect&)>& sink,
                            const cv::Rect& region = {}, int form = -1);

/// The same over a tensor in memory, collected into one tensor.
CALOTYPE_API cv::Mat run_tiled(Session& session, const cv::Mat& tensor, const TilePlan& plan, double scale = 1);

}  // namespace calotype
