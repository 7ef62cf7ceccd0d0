// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "group.hpp"
#include "transform.hpp"

namespace calotype::latent {

/// Slow encoding: searches symbols with a smaller rate-distortion cost than rounding gives, for the same decoder.
///
/// Latents are moved against the gradient of the squared error through the synthesis, a random quarter of them at a
/// time, and rounded again; a move is kept when bits + lambda * error fell. (Campos et al. 2019, "Content adaptive
/// optimization for neural image compression", with acceptance in place of annealing.) Latents near a neighbouring
/// group stay as they are, for that group's part in their pixels is not seen here. Deterministic. `y` as for
/// quantise_group; `area` is the group's in `header`'s latent grid; `trials` is how many moves are tried.
CodedGroup refine_group(LatentModel::Networks& networks, const LatentModel& model, const Header& header, int rate,
                        const cv::Mat& y, const cv::Mat& pixels, const cv::Rect& area, int trials);

}  // namespace calotype::latent
