// SPDX-License-Identifier: Apache-2.0
// The walk over a convolution's outputs that all kernels share: blocks of kBlock pixels of a row and kBlock outputs.
// Included by files that are compiled for one kind of CPU alone: no standard containers here, whose code the linker
// might share with callers elsewhere.
//
// Products: begin(), end(); multiply<1 or 2>(k, in, weights, sums, finish) makes the sums of 16 or 32 pixels;
// clear_signs(from, bytes, to). Finish: halves; start(block, sums) takes a block that some(pixels) then finishes.
#pragma once
#include "kernels.hpp"

namespace calotype::onednn::kernels {
namespace {

/// Where a block of sums belongs.
struct Block {
  int image, row, column, pixels;  // pixels: of this block that exist
  int output;                      // the first
};

inline char* place(const Target& t, const Block& b) {
  return t.data + b.image * t.image + b.row * t.row + b.column * t.pixel;
}

/// Rows `begin` to `end`, block of outputs by block: its weights stay near while all rows go by. `in`: of row `begin`.
template <class Products, class Finish>
void some_rows(const Convolution& k, int image, int begin, int end, const char* in) {
  alignas(64) float sums[2][kBlock * kBlock];
  int turn = 0;
  Finish finish(k);
  const char* weights = k.weights;
  for (int output = 0; output < k.outputs; output += Finish::halves * 16, weights += k.block_bytes)
    for (int row = begin; row < end; ++row)
      for (int x = 0; x < k.columns; x += kBlock, turn ^= 1) {
        const int pixels = k.columns - x < kBlock ? k.columns - x : kBlock;
        const char* at = in + (row - begin) * k.in_row + x * k.in_pixel;
        const Block block{image, row, x, pixels, output};
        if (pixels > 16)
          Products::template multiply<2>(k, at, weights, sums[turn], finish);
        else
          Products::template multiply<1>(k, at, weights, sums[turn], finish);
        finish.start(block, sums[turn]);
      }
  finish.some(kBlock);
}

/// The same for magnitudes, which are made a block at a time: all outputs of a block of pixels before the next.
/// `space`: for a block of inputs.
template <class Products, class Finish>
void some_rows_of_magnitudes(const Convolution& k, int image, int begin, int end, const char* in, char* space) {
  alignas(64) float sums[2][kBlock * kBlock];
  int turn = 0;
  Finish finish(k);
  for (int row = begin; row < end; ++row)
    for (int x = 0; x < k.columns; x += kBlock) {
      const int pixels = k.columns - x < kBlock ? k.columns - x : kBlock;
      // Few channels are read together with those of the pixels after them: these must be numbers too.
      Products::clear_signs(in + (row - begin) * k.in_row + x * k.in_pixel, pixels * k.in_pixel + 64, space);
      const char* weights = k.weights;
      for (int output = 0; output < k.outputs; output += Finish::halves * 16, weights += k.block_bytes, turn ^= 1) {
        Products::template multiply<2>(k, space, weights, sums[turn], finish);
        finish.start({image, row, x, pixels, output}, sums[turn]);
      }
    }
  finish.some(kBlock);
}

/// As many rows as leave room in the second cache.
int rows_together(const Convolution& k) {
  constexpr std::ptrdiff_t room = 1 << 19;
  const std::ptrdiff_t rows = room / (k.in_row < 1 ? 1 : k.in_row);
  return rows < 1 ? 1 : rows > 64 ? 64 : int(rows);
}

template <class Products, class Finish>
void rows(const Convolution& k, int begin, int end, char* space) {
  Products::begin();
  const int together = rows_together(k);
  for (int i = begin; i < end;) {
    const int image = i / k.rows, row = i % k.rows;
    int count = k.rows - row < end - i ? k.rows - row : end - i;
    count = count < together ? count : together;
    const char* in = k.in + image * k.in_image + row * k.in_row;
    if (k.absolute)
      some_rows_of_magnitudes<Products, Finish>(k, image, row, row + count, in, space);
    else
      some_rows<Products, Finish>(k, image, row, row + count, in);
    i += count;
  }
  Products::end();
}

}  // namespace
}  // namespace calotype::onednn::kernels
