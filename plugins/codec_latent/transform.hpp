// SPDX-License-Identifier: Apache-2.0
// Pixels to latents and back, in tiles of one group each with a halo, so that memory is bounded and no seam shows.
#pragma once
#include <functional>
#include <opencv2/core/mat.hpp>
#include <vector>

#include "container.hpp"
#include "latent_model.hpp"

namespace calotype::latent {

/// Calls `sink` with the latents 1,M,h,w of every group of the picture in raster order, valid during the
/// call. `pixels`: 1 or 3 channels (BGR).
void analyse(LatentModel::Networks& networks, const LatentModel& model, const cv::Mat& pixels,
             const std::function<void(const cv::Mat&)>& sink);

/// Fills `region` of the picture (as pixels: CV_8U or CV_16U, 1 or 3 channels) from its groups' latents, half precision to save
/// memory. Groups that touched_groups() does not name may be empty.
cv::Mat synthesise(LatentModel::Networks& networks, const LatentModel& model, const Header& header,
                   const std::vector<cv::Mat>& groups, const cv::Rect& region);

/// For each group, whether synthesise() needs it for `region`.
std::vector<bool> touched_groups(const LatentModel& model, const Header& header, const cv::Rect& region);

}  // namespace calotype::latent
