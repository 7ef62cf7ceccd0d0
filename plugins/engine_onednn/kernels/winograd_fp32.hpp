// SPDX-License-Identifier: Apache-2.0
// Convolutions of 3x3 taps by minimal filtering F(4x4, 3x3): 36 products for 16 outputs instead of 144 (A. Lavin and S.
// Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016). A tile of 4x4 outputs is made from a patch of
// 6x6 inputs. Both are transformed; between that, a block of tiles is at each of the 36 pixels of their patches what a
// block of pixels is to a convolution of 1x1 taps.
#pragma once
#include "products_fp32.hpp"
#include "winograd_space.hpp"

namespace calotype::onednn::kernels {
namespace {

/// B^T d.
[[gnu::always_inline]] inline void transform_inputs(const Vector* d, Vector* t) {
  const Vector even = d[4] - 4 * d[2], odd = d[3] - 4 * d[1];
  const Vector far_even = d[4] - d[2], far_odd = 2 * (d[3] - d[1]);
  t[0] = 4 * d[0] - 5 * d[2] + d[4];
  t[1] = even + odd;
  t[2] = even - odd;
  t[3] = far_even + far_odd;
  t[4] = far_even - far_odd;
  t[5] = 4 * d[1] - 5 * d[3] + d[5];
}
/// A^T m.
[[gnu::always_inline]] inline void transform_sums(const Vector* m, Vector* o) {
  const Vector even = m[1] + m[2], odd = m[1] - m[2], far_even = m[3] + m[4], far_odd = m[3] - m[4];
  o[0] = m[0] + even + far_even;
  o[1] = odd + 2 * far_odd;
  o[2] = even + 4 * far_even;
  o[3] = odd + 8 * far_odd + m[5];
}

/// What becomes of sums here: they are kept.
struct Kept {
  static constexpr int halves = 2;
  static void begin(int) {}
  template <int Count, int Tiles, int Stride>
  static void take(const Vector (&sum)[Count][Tiles * kVectors], float* sums) {
    FloatProducts::keep<Count, Tiles, Stride>(sum, sums);
  }
};

class WinogradBlock {
 public:
  WinogradBlock(const Convolution& k, char* space)
      : k_(k), space_(k, space), down_(winograd_tiles(k.rows)), across_(winograd_tiles(k.columns)) {}

  /// Transforms what piece `index` reads.
  void start(int index) {
    const int together = winograd_block(k_), left = winograd_tiles(k_) - index * together;
    first_ = index * together;
    tiles = left < together ? left : together;
    for (int i = 0; i < tiles; ++i) transform_patch(i);
  }
  /// Sums for the outputs of a block of weights.
  void multiply(const char* weights, int outputs) {
    Convolution k = k_;
    k.in_pixel = space_.tile_step();
    k.products = space_.products;
    Kept kept;
    for (int pixel = 0; pixel < kWinogradPixels; ++pixel, weights += k.count * 2 * kTileBytes)
      FloatProducts::multiply(k, space_.patch(pixel, 0), weights, space_.sums(pixel), tiles, outputs, kept);
  }
  /// The results of tile i, from these sums.
  void transform_back(int i, float (*results)[kWinogradTile][kBlock]) const {
    for (int v = 0; v < kBlock; v += kLanes) {
      Vector columns[kWinogradPatch][kWinogradTile];
      for (int x = 0; x < kWinogradPatch; ++x) {
        Vector column[kWinogradPatch];
        for (int y = 0; y < kWinogradPatch; ++y) column[y] = load(space_.sums(y * kWinogradPatch + x) + i * kBlock + v);
        transform_sums(column, columns[x]);
      }
      for (int y = 0; y < kWinogradTile; ++y) {
        Vector row[kWinogradPatch], transformed[kWinogradTile];
        for (int x = 0; x < kWinogradPatch; ++x) row[x] = columns[x][y];
        transform_sums(row, transformed);
        for (int x = 0; x < kWinogradTile; ++x) store(transformed[x], &results[y][x][v]);
      }
    }
  }
  /// Where the first of its outputs belongs, and how many of its columns exist.
  Block place_of(int i) const {
    const int t = first_ + i, row = t / across_, column = t % across_ * kWinogradTile;
    const int columns = k_.columns - column;
    return {row / down_, row % down_ * kWinogradTile, column, columns < kWinogradTile ? columns : kWinogradTile, 0};
  }

  int tiles = 0;  ///< of this piece

 private:
  void transform_patch(int i) {
    const Block at = place_of(i);
    const char* const from = k_.in + at.image * k_.in_image + at.row * k_.in_row + at.column * k_.in_pixel;
    for (int p = 0; p < k_.count; ++p)
      for (int v = 0; v < kVectors; ++v) {
        const char* const in = from + k_.products[p].in + v * kLanes * 4;
        char* const out = space_.patch(0, i) + (p * kVectors + v) * kLanes * 4;
        Vector columns[kWinogradPatch][kWinogradPatch];
        for (int x = 0; x < kWinogradPatch; ++x) {
          Vector column[kWinogradPatch];
          for (int y = 0; y < kWinogradPatch; ++y) column[y] = load(in + y * k_.in_row + x * k_.in_pixel);
          transform_inputs(column, columns[x]);
        }
        for (int y = 0; y < kWinogradPatch; ++y) {
          Vector row[kWinogradPatch], transformed[kWinogradPatch];
          for (int x = 0; x < kWinogradPatch; ++x) row[x] = columns[x][y];
          transform_inputs(row, transformed);
          for (int x = 0; x < kWinogradPatch; ++x)
            store(transformed[x], out + (y * kWinogradPatch + x) * space_.patch_step());
        }
      }
  }

  const Convolution k_;
  const WinogradSpace space_;
  const int down_, across_;
  int first_ = 0;
};

template <Binary op>
void winograd_blocks(const Convolution& k, int begin, int end, char* space) {
  WinogradBlock block(k, space);
  FloatBlocks<2, op> finish(k);
  for (int index = begin; index < end; ++index) {
    block.start(index);
    const char* weights = k.weights;
    for (int output = 0; output < k.outputs; output += 2 * kHalf, weights += k.block_bytes) {
      block.multiply(weights, k.outputs - output);
      for (int i = 0; i < block.tiles; ++i) {
        alignas(64) float results[kWinogradTile][kWinogradTile][kBlock];
        block.transform_back(i, results);
        Block row = block.place_of(i);
        row.output = output;
        for (int y = 0; y < kWinogradTile && row.row < k.rows; ++y, ++row.row) {
          finish.start(row, results[y][0]);
          finish.some(row.pixels);
        }
      }
    }
  }
}

}  // namespace
}  // namespace calotype::onednn::kernels
