// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "group.hpp"
#include "transform.hpp"

namespace calotype::latent {

/// Slow encoding: searches symbols with a smaller rate-distortion cost than rounding gives, for the same decoder.
///
/// Each latent is drawn towards the place where the squared error, as seen from the symbols of the step before, is
/// least: those symbols' values minus the gradient of the error through the synthesis, over its curvature. Then all are
/// rounded again, in the rate-distortion sense. This is iterative thresholding (Daubechies, Defrise and De Mol 2004,
/// doi:10.1002/cpa.20042) with a learned synthesis and a learned price of symbols. The cheapest of all steps is
/// returned, the first being plain rounding, with the filter of its pixels that is fitted then. Latents near a
/// neighbouring group stay as they are, for that group's part in their pixels is not seen here. Deterministic. `y` as
/// for quantise_group; `area` is the group's in `header`'s latent grid.
CodedGroup refine_group(LatentModel::Networks& networks, const LatentModel& model, const Header& header, int rate,
                        const cv::Mat& y, const cv::Mat& pixels, const cv::Rect& area, int steps);

}  // namespace calotype::latent
