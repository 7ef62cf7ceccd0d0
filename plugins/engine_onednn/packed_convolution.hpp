// SPDX-License-Identifier: Apache-2.0
// Weights in the order in which the kernels read them.
#pragma once
#include <array>
#include <memory>
#include <vector>

#include "aligned.hpp"
#include "kernels/kernels.hpp"
#include "network/program.hpp"
#include "phases.hpp"
#include "view.hpp"

namespace calotype::onednn {

/// Few channels lie side by side and are read together with their neighbours in the row; many fill whole blocks.
inline bool is_dense(int channels) { return channels < kernels::kHalf; }
/// Channels of a pixel, filled up to whole blocks where they are many.
inline int padded(int channels) {
  return is_dense(channels) ? channels : (channels + kernels::kBlock - 1) / kernels::kBlock * kernels::kBlock;
}
/// Bytes from one pixel to the next. Pixels at multiples of 1024 would drive each other out of the first cache, and so
/// would many at multiples of 512.
inline std::ptrdiff_t pitch(int channels, std::ptrdiff_t element) {
  const std::ptrdiff_t bytes = padded(channels) * element;
  return bytes % (bytes > 4096 ? 512 : 1024) ? bytes : bytes + 64;
}

/// An ordinary convolution: a step, or a phase of a transposed one.
struct PackedConvolution {
  bool is_float = false;  ///< else bf16
  std::array<int, 2> kernel{}, stride{}, dilation{}, before{};
  int inputs = 0, outputs = 0;
  bool winograd = false;  ///< see kernels::Convolution; `kernel` is 3 strides high and wide, taps beyond the step's 0
  int tile_steps = 0;     ///< tiles of each kHalf outputs
  bool pad = false;       ///< results fill whole blocks
  /// Twice the precision: inputs are followed by what rounding left of them, and both are multiplied by the rounded
  /// weights.
  bool split = false;
  /// Where split: the rounded inputs are multiplied once more, by what rounding left of the weights, which lies behind
  /// all others. Not needed where all weights are numbers of bf16.
  bool rest = false;
  std::vector<float> bias;
  std::vector<std::array<int, 2>> positions;  ///< of a phase

  /// Inputs of a product.
  int depth() const { return is_float ? kernels::depth<float>() : kernels::depth<bf16>(); }
  std::ptrdiff_t element() const { return is_float ? sizeof(float) : sizeof(bf16); }
  std::ptrdiff_t block_bytes() const;
  /// Whether minimal filtering would spare a third of its products.
  bool suits_winograd() const;
  /// Where split: `inexact` says of each depth() inputs whether rounding left something of them. If not, they have no
  /// more than the usual precision, and get no more.
  std::vector<kernels::Product> products(const View& in, const std::vector<bool>& inexact) const;

  std::shared_ptr<char> tiles;  ///< block_bytes() for every block of outputs
  std::size_t tiles_bytes() const;
};

/// `pad`: whether results fill whole blocks. `filter`: for minimal filtering, where it suits.
PackedConvolution pack(const network::Step& step, bool is_float, bool pad, bool filter);
/// One for each phase of a transposed convolution. `split`: in bf16 alone.
std::vector<PackedConvolution> pack_phases(const network::Step& step, const std::vector<Phase>& phases, bool is_float,
                                           bool pad, bool split, bool filter);

/// See kernels::Depthwise.
struct PackedDepthwise {
  std::vector<float> weights, bias;
};

/// Throws unsupported for other kinds of groups.
PackedDepthwise pack_depthwise(const network::Step& step, bool is_float);

}  // namespace calotype::onednn
