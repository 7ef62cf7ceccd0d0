// SPDX-License-Identifier: Apache-2.0
#include "../../common/clones.hpp"
#include "kernels.hpp"

namespace calotype::onednn::kernels {
namespace {

/// `to` for all kHalf outputs.
CALOTYPE_CLONES void take(const float* data, const std::int32_t* places, float* to) {
  for (int i = 0; i < kHalf; ++i) to[i] = data[places[i]];
}

}  // namespace

void fill_tile(const Weights<float>* weights, std::uint16_t lanes, float* tile) {
  for (int row = 0; row < kTileBytes / kHalf / 4; ++row, tile += kHalf) {
    const Weights<float>& w = weights[row];
    bool all = lanes == 0xFFFF && w.data;
    for (int i = 0; i < kHalf && all; ++i) all = w.places[i] >= 0;
    if (all) {
      take(w.data, w.places, tile);
      continue;
    }
    for (int i = 0; i < kHalf; ++i)
      if (lanes >> i & 1) tile[i] = w.data && w.places[i] >= 0 ? w.data[w.places[i]] : 0.f;
  }
}

}  // namespace calotype::onednn::kernels
