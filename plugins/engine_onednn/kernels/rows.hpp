// SPDX-License-Identifier: Apache-2.0
// The walk over a convolution's outputs that all kernels share: blocks of kBlock pixels of a row and kBlock outputs.
// Included by files that are compiled for one kind of CPU alone: no standard containers here, whose code the linker
// might share with callers elsewhere.
//
// Products: begin(), end(); multiply(k, in, weights, sums, pixels, finish) makes the sums of at least so many pixels,
// at most kBlock; clear_signs(from, bytes, to). Finish: halves; start(block, sums) takes a block that some(pixels) then
// finishes.
#pragma once
#include "kernels.hpp"

namespace calotype::onednn::kernels {
namespace {

/// Where a block of sums belongs. In joined rows, columns go on between a row's last pixel and the next row's first.
struct Block {
  int image, row, column, pixels;
  int output;  // the first
};

inline char* place(const Target& t, const Block& b) {
  return t.data + b.image * t.image + b.row * t.row + b.column * t.pixel;
}

/// From one row to the next where rows are joined.
inline int joined_columns(const Convolution& k) { return int(k.in_row / k.in_pixel); }

/// The way of a block's results to where they belong: runs of pixels side by side, of which those between rows do not
/// exist.
class Walk {
 public:
  explicit Walk(const Convolution& k) : out_(k.out), operand_(k.operand), columns_(k.columns) {
    if (k.joined > 1) between_ = joined_columns(k) - k.columns;
  }
  void start(Block b) {
    left_ = b.pixels;
    run_ = between_ < 0 ? b.pixels : columns_ - b.column;
    exists = run_ > 0;
    if (!exists) {
      run_ += between_;
      b.column = columns_;
    }
    out = place(out_, b);
    operand = operand_.data ? place(operand_, b) : out;
  }
  /// Of the next so many pixels how many are one run; 0 behind the block's last.
  int next(int pixels) const {
    const int most = left_ < run_ ? left_ : run_;
    return pixels < most ? pixels : most;
  }
  void go_on(int pixels) {
    left_ -= pixels;
    run_ -= pixels;
    if (exists) {
      out += pixels * out_.pixel;
      operand += pixels * operand_.pixel;
    }
    if (run_ == 0 && left_ > 0) turn();
  }

  /// Where the next pixels belong, at most `Count`, and goes on behind them; null for those that do not exist. Returns
  /// how many there are.
  template <int Count>
  int places(char* (&to)[Count], const char* (&from)[Count]) {
    int i = 0;
    for (int run; (run = next(Count - i)) > 0; go_on(run))
      for (const int end = i + run, first = i; i < end; ++i) {
        to[i] = exists ? out + (i - first) * out_.pixel : nullptr;
        from[i] = operand + (i - first) * operand_.pixel;
      }
    return i;
  }

  char* out = nullptr;            ///< of the next pixel
  const char* operand = nullptr;  ///< the same, if there is one
  bool exists = true;

 private:
  void turn() {
    exists = !exists || between_ == 0;
    run_ = exists ? columns_ : between_;
    if (!exists) return;
    out += out_.row - columns_ * out_.pixel;
    operand += operand_.row - columns_ * operand_.pixel;
  }

  const Target out_, operand_;
  const int columns_;
  int between_ = -1;  // pixels between joined rows
  int left_ = 0, run_ = 0;
};

/// Some of the outputs, whole blocks.
struct Outputs {
  int begin, end;
};
inline Outputs outputs_of(const Convolution& k, int group, int block) {
  const int blocks = (k.outputs + block - 1) / block, end = (group + 1) * blocks / k.groups * block;
  return {group * blocks / k.groups * block, end < k.outputs ? end : k.outputs};
}

/// Pixels of a line, and of what lies between its rows.
inline int length(const Convolution& k, int line) {
  const int left = k.rows - line * k.joined, rows = left < k.joined ? left : k.joined;
  return rows == 1 ? k.columns : (rows - 1) * joined_columns(k) + k.columns;
}

template <class Products, class Finish>
void make_block(const Convolution& k, const char* in, const char* weights, float* sums, const Block& b,
                Finish& finish) {
  if (!Products::kOverlaps) finish.start(b, sums);
  Products::multiply(k, in, weights, sums, b.pixels, k.outputs - b.output, finish);
  if (Products::kOverlaps) finish.start(b, sums);
}

/// Lines `begin` to `end`, some blocks of outputs after others: their weights stay near while all lines go by. `in`: of
/// the first line.
template <class Products, class Finish>
void some_lines(const Convolution& k, Outputs outputs, int image, int begin, int end, const char* in) {
  constexpr int width = Finish::halves * kHalf;
  constexpr std::ptrdiff_t near = 1 << 13;  // bytes
  const int together = width * (k.block_bytes < near ? int(near / k.block_bytes) : 1);
  const int columns = k.joined > 1 ? joined_columns(k) : 0;
  alignas(64) float sums[2][kBlock * kBlock];
  int turn = 0;
  Finish finish(k);
  for (int first = outputs.begin; first < outputs.end; first += together)
    for (int line = begin; line < end; ++line)
      for (int x = 0, pixels = length(k, line); pixels > 0; x += kBlock, pixels -= kBlock) {
        const char* const at = in + (line - begin) * k.joined * k.in_row + x * k.in_pixel;
        Block block{image, line * k.joined, x, pixels < kBlock ? pixels : kBlock, first};
        if (columns) {
          block.row += x / columns;
          block.column = x % columns;
        }
        const int last = first + together < outputs.end ? first + together : outputs.end;
        for (; block.output < last; block.output += width, turn ^= 1)
          make_block<Products>(k, at, k.weights + block.output / width * k.block_bytes, sums[turn], block, finish);
      }
  if (Products::kOverlaps) finish.some(kBlock);
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
      // Few channels are read together with those of the pixels after them: these must be numbers too. Many fill their
      // pixels, and what comes after them may be results of another thread already.
      const std::ptrdiff_t beyond = k.in_pixel % 64 ? 64 : 0;
      Products::clear_signs(in + (row - begin) * k.in_row + x * k.in_pixel, pixels * k.in_pixel + beyond, space);
      const char* weights = k.weights;
      for (int output = 0; output < k.outputs; output += Finish::halves * 16, weights += k.block_bytes, turn ^= 1) {
        make_block<Products>(k, space, weights, sums[turn], {image, row, x, pixels, output}, finish);
      }
    }
  if (Products::kOverlaps) finish.some(kBlock);
}

/// As many lines as leave room in the second cache.
inline int lines_together(const Convolution& k) {
  constexpr std::ptrdiff_t room = 1 << 19;
  const std::ptrdiff_t bytes = k.in_row * k.joined, lines = room / (bytes < 1 ? 1 : bytes);
  return lines < 1 ? 1 : lines > 64 ? 64 : int(lines);
}

template <class Products, class Finish>
void rows(const Convolution& k, int begin, int end, char* space) {
  Products::begin();
  const int together = lines_together(k), of_image = lines(k);
  for (int i = begin; i < end;) {
    const int line = i % of_image, image = i / of_image % k.images, group = i / of_image / k.images;
    int count = of_image - line < end - i ? of_image - line : end - i;
    count = count < together ? count : together;
    const char* in = k.in + image * k.in_image + line * k.joined * k.in_row;
    if (k.absolute)
      some_rows_of_magnitudes<Products, Finish>(k, image, line, line + count, in, space);
    else
      some_lines<Products, Finish>(k, outputs_of(k, group, Finish::halves * kHalf), image, line, line + count, in);
    i += count;
  }
  Products::end();
}

template <int Value>
struct Number {
  constexpr operator int() const { return Value; }
};

/// The pixels of a row in parts of up to 8, which are alike: calls part(Number<count>, in, out) for one after another.
template <class Part>
void for_each_part(const Depthwise& k, const char* in, char* out, Part part) {
  for (int left = k.columns, parts = (left + 7) / 8; parts > 0; --parts) {
    const int count = (left + parts - 1) / parts;
    switch (count) {
      case 1:
        part(Number<1>{}, in, out);
        break;
      case 2:
        part(Number<2>{}, in, out);
        break;
      case 3:
        part(Number<3>{}, in, out);
        break;
      case 4:
        part(Number<4>{}, in, out);
        break;
      case 5:
        part(Number<5>{}, in, out);
        break;
      case 6:
        part(Number<6>{}, in, out);
        break;
      case 7:
        part(Number<7>{}, in, out);
        break;
      default:
        part(Number<8>{}, in, out);
    }
    left -= count;
    in += count * k.in_pixel;
    out += count * k.out.pixel;
  }
}

/// Rows `begin` to `end` of all images, `step` channels at a time for all rows: what they read stays in the first cache
/// until the next row. Calls part(Number<count>, channel, in, out).
template <class Part>
void for_each_part(const Depthwise& k, int begin, int end, int step, Part part) {
  while (begin < end) {
    const int image = begin / k.rows, first = begin % k.rows;
    const int last = first + end - begin < k.rows ? first + end - begin : k.rows;
    for (int c = 0; c < k.channels; c += step)
      for (int row = first; row < last; ++row)
        for_each_part(k, k.in + image * k.in_image + row * k.in_row, k.out.data + image * k.out.image + row * k.out.row,
                      [&](auto count, const char* in, char* out) { part(count, c, in, out); });
    begin += last - first;
  }
}

}  // namespace
}  // namespace calotype::onednn::kernels
