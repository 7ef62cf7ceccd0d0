// SPDX-License-Identifier: Apache-2.0
#include "integer_network.hpp"

#include <algorithm>
#include <cstdlib>

#include "../common/clones.hpp"
#include "calotype/error.hpp"
#include "calotype/parallel.hpp"
#include "dot.hpp"

namespace calotype::latent {
namespace {

constexpr int kMostScale = 16;  // more would be no hyper-latents

/// Sums of the magnitudes of the weights of each output of a block.
CALOTYPE_CLONES void add_magnitudes(const std::int16_t* weights, int length, std::int64_t* sums) {
  for (int i = 0; i < length; i += 2, weights += 2 * kDotOutputs)
    for (int o = 0; o < kDotOutputs; ++o) sums[o] += std::abs(int(weights[2 * o])) + std::abs(int(weights[2 * o + 1]));
}

}  // namespace

IntegerNetwork::IntegerNetwork(const Records& records, const std::string& name, int input_channels, int input_limit) {
  const auto fail = [&name](const std::string& what) {
    throw Error(ErrorCode::corrupt, "integer network " + name + ": " + what, "reinstall the model");
  };
  int channels = input_channels;
  std::int64_t limit = input_limit;
  for (int i = 0; records.has(name + "." + std::to_string(i) + ".weight"); ++i) {
    const std::string prefix = name + "." + std::to_string(i) + ".";
    const Kernel kernel = records.kernel(prefix + "weight", channels);
    const std::vector<std::int32_t> spec = records.i32(prefix + "spec", {4});
    Layer layer;
    layer.outputs = kernel.outputs;
    layer.inputs = channels;
    layer.side = kernel.side;
    layer.shuffle = spec[0];
    layer.relu = spec[1] != 0;
    layer.shift = spec[2];
    layer.limit = spec[3];
    layer.bias = records.i32(prefix + "bias", {layer.outputs});
    if (layer.side != 1 && layer.side != 3) fail("kernels are 1x1 or 3x3");
    if ((layer.shuffle != 1 && layer.shuffle != 2) || layer.outputs % (layer.shuffle * layer.shuffle))
      fail("bad shuffle");
    if (layer.shift < 1 || layer.shift > 30 || layer.limit < 1 || layer.limit > 32767) fail("bad rescaling");

    layer.length = dot_length(layer.side * layer.side * channels);
    layer.padded = dot_outputs(layer.outputs);
    layer.weights = kernel.weights;
    layer.bias.resize(std::size_t(layer.padded), 0);
    for (int first = 0; first < layer.padded; first += kDotOutputs) {
      std::int64_t sums[kDotOutputs] = {};
      add_magnitudes(layer.weights.get() + dot_weight(layer.length, first, 0), layer.length, sums);
      for (int o = 0; o < kDotOutputs; ++o) {
        const std::int64_t bias = std::abs(std::int64_t(layer.bias[std::size_t(first + o)]));
        if (bias + (std::int64_t(1) << layer.shift) + sums[o] * limit > INT32_MAX)
          fail("a sum of layer " + std::to_string(i) + " could overflow");
      }
    }
    channels = layer.outputs / (layer.shuffle * layer.shuffle);
    scale_ *= layer.shuffle;
    if (scale_ > kMostScale) fail("too many shuffles");
    limit = layer.limit;
    layers_.push_back(std::move(layer));
  }
  if (layers_.empty()) fail("no layers");
}

void IntegerNetwork::run(const Activations& in, Activations& out) const {
  Activations hidden[2];
  const Activations* from = &in;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    Activations& to = i + 1 == layers_.size() ? out : hidden[i % 2];
    apply(layers_[i], *from, to);
    from = &to;
  }
}

namespace {

/// The neighbourhood of a position, zeros beyond the edge.
void gather(const Activations& in, int row, int column, int reach, std::int16_t* to) {
  for (int y = row - reach; y <= row + reach; ++y)
    for (int x = column - reach; x <= column + reach; ++x, to += in.channels)
      if (y < 0 || y >= in.rows || x < 0 || x >= in.columns)
        std::fill_n(to, in.channels, std::int16_t(0));
      else
        std::copy_n(in.at(y, x), in.channels, to);
}

/// Every `stride`-th sum, divided by a power of two and clamped. The shift is arithmetic: floor, made round to nearest
/// by the half added before.
CALOTYPE_CLONES void rescale(const std::int32_t* from, int stride, int shift, int low, int high, int count,
                             std::int16_t* to) {
  const std::int32_t half = 1 << (shift - 1);
  const auto rescaled = [=](std::int32_t sum) {
    const std::int32_t v = (sum + half) >> shift;
    return std::int16_t(v < low ? low : v > high ? high : v);
  };
  if (stride == 1) {
    for (int c = 0; c < count; ++c) to[c] = rescaled(from[c]);
  } else {
    for (int c = 0; c < count; ++c) to[c] = rescaled(from[c * stride]);
  }
}

}  // namespace

void IntegerNetwork::apply(const Layer& layer, const Activations& in, Activations& out) {
  static const DotFunction dot = best_dot();
  const int s = layer.shuffle, cells = s * s, low = layer.relu ? 0 : -layer.limit;
  out.create(in.rows * s, in.columns * s, layer.outputs / cells);
  parallel_for(in.rows, [&](int begin, int end) {
    std::vector<std::int16_t> patches(std::size_t(kDotBlock) * layer.length);
    std::vector<std::int32_t> sums(std::size_t(kDotBlock) * layer.padded);
    for (int row = begin; row < end; ++row)
      for (int first = 0; first < in.columns; first += kDotBlock) {
        const int count = std::min(kDotBlock, in.columns - first);
        const bool in_place = layer.length == in.channels && count == kDotBlock;
        for (int p = 0; p < count && !in_place; ++p)
          gather(in, row, first + p, layer.side / 2, &patches[std::size_t(p) * layer.length]);
        dot(in_place ? in.at(row, first) : patches.data(), layer.weights.get(), layer.bias.data(), layer.length,
            layer.padded, sums.data());
        for (int p = 0; p < count; ++p) {
          const std::int32_t* from = &sums[std::size_t(p) * layer.padded];
          if (cells == 1) {
            rescale(from, 1, layer.shift, low, layer.limit, out.channels, out.at(row, first + p));
          } else {
            for (int cell = 0; cell < 4; ++cell)
              rescale(from + cell, cells, layer.shift, low, layer.limit, out.channels,
                      out.at(row * 2 + cell / 2, (first + p) * 2 + cell % 2));
          }
        }
      }
  });
}

}  // namespace calotype::latent
