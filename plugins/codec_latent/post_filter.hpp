// SPDX-License-Identifier: Apache-2.0
// A filter over a group's decoded pixels whose taps the encoder fits to the original: the adaptive Wiener filter of
// video codecs (Tsai et al. 2013, doi:10.1109/JSTSP.2013.2271974), behind a learned synthesis.
#pragma once
#include <array>
#include <cstdint>
#include <opencv2/core/mat.hpp>

#include "range_coder.hpp"

namespace calotype::latent {

/// One per component: (R + G + B) / sqrt 3, (R - B) / sqrt 2, (2 G - R - B) / sqrt 6.
struct PostFilter {
  static constexpr int kComponents = 3;
  static constexpr int kSide = 7;                        ///< of the window
  static constexpr int kTaps = (kSide * kSide - 1) / 2;  ///< it is symmetric about its centre: half of the others
  static constexpr int kLeastShift = 6, kShiftBits = 2;  ///< taps are in units of 2^-shift
  static constexpr int kLargestTap = 127;
  using Taps = std::array<std::int16_t, kTaps>;  ///< in raster order, up to the centre

  struct Component {
    bool used = false;
    int shift = kLeastShift;
    int table = 0;  ///< that codes the taps
    Taps taps{};
  };
  std::array<Component, kComponents> components;
  bool empty() const;
  bool operator==(const PostFilter& other) const;  ///< the same effect
};

void write_post_filter(SymbolWriter& writer, const SymbolTables& tables, const PostFilter& filter);
/// Throws corrupt.
PostFilter read_post_filter(SymbolReader& reader, const SymbolTables& tables);

/// The filter that makes `decoded` cheapest: bits for its taps + `weight` x squared error. Both pictures: continuous
/// tensors 1,3,h,w, RGB in 0..1. `grey`: of the first component alone. Deterministic for any number of threads.
PostFilter fit_post_filter(const cv::Mat& decoded, const cv::Mat& original, double weight, const SymbolTables& tables,
                           bool grey);

/// Filters a group's continuous tensor 1,3,h,w, RGB in 0..1, in place; beyond the group its last rows and columns
/// repeat. The result may leave 0..1.
void apply_post_filter(const PostFilter& filter, cv::Mat& rgb);

}  // namespace calotype::latent
