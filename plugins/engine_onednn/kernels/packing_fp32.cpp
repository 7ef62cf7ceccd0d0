// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "../../common/clones.hpp"
#include "kernels.hpp"

namespace calotype::onednn::kernels {
namespace {

/// `to` for all kHalf outputs.
CALOTYPE_CLONES void take(const float* data, const std::int32_t* places, float* to) {
  for (int i = 0; i < kHalf; ++i) to[i] = data[places[i]];
}

/// G g along one dimension.
template <class Row>
void transform_weights(const Row* g, Row* t) {
  for (int i = 0; i < kHalf; ++i) {
    const float even = (g[0][i] + g[2][i]) / 6, odd = g[1][i] / 6, far_even = g[0][i] / 24 + g[2][i] / 6;
    t[0][i] = g[0][i] / 4;
    t[1][i] = -even - odd;
    t[2][i] = odd - even;
    t[3][i] = far_even + odd / 2;
    t[4][i] = far_even - odd / 2;
    t[5][i] = g[2][i];
  }
}

}  // namespace

CALOTYPE_CLONES void fill_winograd_rows(const float* data, const std::int32_t* places, float* rows,
                                        std::ptrdiff_t step) {
  using Row = float[kHalf];
  Row columns[kWinogradPatch][3];
  for (int x = 0; x < 3; ++x) {
    Row taps[3], transformed[kWinogradPatch];
    for (int y = 0; y < 3; ++y)
      for (int i = 0; i < kHalf; ++i) {
        const std::int32_t place = places[(y * 3 + x) * kHalf + i];
        taps[y][i] = place < 0 ? 0.f : data[place];
      }
    transform_weights(taps, transformed);
    for (int y = 0; y < kWinogradPatch; ++y) std::memcpy(columns[y][x], transformed[y], sizeof(Row));
  }
  for (int y = 0; y < kWinogradPatch; ++y) {
    Row transformed[kWinogradPatch];
    transform_weights(columns[y], transformed);
    for (int x = 0; x < kWinogradPatch; ++x)
      std::memcpy(reinterpret_cast<char*>(rows) + (y * kWinogradPatch + x) * step, transformed[x], sizeof(Row));
  }
}

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
