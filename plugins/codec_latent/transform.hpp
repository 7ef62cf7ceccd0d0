// SPDX-License-Identifier: Apache-2.0
// Pixels to latents and back, in tiles of one group each with a halo, so that memory is bounded and no seam shows.
#pragma once
#include <functional>
#include <opencv2/core/mat.hpp>
#include <vector>

#include "container.hpp"
#include "latent_model.hpp"
#include "post_filter.hpp"

namespace calotype::latent {

/// The rectangle as a tensor 1,3,h,w, RGB in 0..1; beyond the picture its last row and column repeat. `pixels`: 1 or 3
/// channels (BGR).
cv::Mat to_tensor(const cv::Mat& pixels, const cv::Rect& from);

/// Calls `sink` with the latents h,w,M of every group of the picture in raster order, valid during the call, and with
/// the index of the group.
void analyse(LatentModel::Networks& networks, const LatentModel& model, const cv::Mat& pixels,
             const std::function<void(const cv::Mat&, int)>& sink);

/// Latents h,w,M in half precision, to save memory.
cv::Mat halved(const cv::Mat& latents);

/// Fills `region` of the picture (as pixels: CV_8U or CV_16U, 1 or 3 channels) from its groups' latents, halved().
/// Groups that touched_groups() does not name may be empty. `filters`: by group.
cv::Mat synthesise(LatentModel::Networks& networks, const LatentModel& model, const Header& header,
                   const std::vector<cv::Mat>& groups, const std::vector<PostFilter>& filters, const cv::Rect& region);

/// The latents of group `index` as a rectangle of the latent grid.
cv::Rect group_area(const Header& header, int index);

/// For each group, whether synthesise() needs it for `region`.
std::vector<bool> touched_groups(const LatentModel& model, const Header& header, const cv::Rect& region);

}  // namespace calotype::latent
