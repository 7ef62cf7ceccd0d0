// SPDX-License-Identifier: Apache-2.0
#include "packed_convolution.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "elementwise.hpp"
#include "parallel.hpp"

namespace calotype::onednn {
namespace {

using network::Step;

constexpr int kTileElements = kernels::kTileBytes / int(sizeof(bf16));

int chunks(int depth) { return (depth + kernels::kDepth - 1) / kernels::kDepth; }

int count_steps(const PackedConvolution& c) {
  return is_dense(c.inputs) ? c.kernel[0] * chunks(c.kernel[1] * c.inputs)
                            : c.kernel[0] * c.kernel[1] * chunks(c.inputs);
}

/// Step and place within it at which an input is read.
std::pair<int, int> place(const PackedConvolution& c, int y, int x, int channel) {
  if (is_dense(c.inputs)) {  // a row of the kernel at a time
    const int i = x * c.inputs + channel;
    return {y * chunks(c.kernel[1] * c.inputs) + i / kernels::kDepth, i % kernels::kDepth};
  }
  return {(channel / kernels::kDepth * c.kernel[0] + y) * c.kernel[1] + x, channel % kernels::kDepth};
}

/// Which weights of a kernel in the file are which taps of the packed one.
struct Tap {
  std::array<int, 2> packed;
  std::ptrdiff_t stored;
};
using Taps = std::vector<Tap>;

/// Some outputs and inputs of a step: channels `first` to `end` of each.
struct Piece {
  int first_output, end_output, first_input, end_input;
  int outputs() const { return end_output - first_output; }
  int inputs() const { return end_input - first_input; }
};

/// Weights of a piece, outputs x inputs x kernel, rounded; and what rounding left of them.
struct Rounded {
  std::vector<bf16> weights, rest;
};

/// In the file, inputs come before outputs where convolutions are transposed.
void round(const Step& step, const Piece& piece, bool with_rest, Rounded& to) {
  const bool transposed = step.kind == Step::Kind::transposed_convolution;
  const std::size_t area = std::size_t(step.kernel[0]) * std::size_t(step.kernel[1]);
  const std::size_t across = std::size_t(step.weights.dims[1]);
  const int rows = transposed ? piece.inputs() : piece.outputs(),
            first_row = transposed ? piece.first_input : piece.first_output;
  const int columns = transposed ? piece.outputs() : piece.inputs(),
            first_column = transposed ? piece.first_output : piece.first_input;
  const std::size_t run = std::size_t(columns) * area;
  std::vector<float> wide(run), left(with_rest ? run : 0);
  to.weights.resize(std::size_t(rows) * run);
  to.rest.resize(with_rest ? to.weights.size() : 0);
  for (int row = 0; row < rows; ++row) {
    step.weights.copy((std::size_t(first_row + row) * across + std::size_t(first_column)) * area, run, wide.data());
    bf16* const weights = &to.weights[std::size_t(row) * run];
    narrow(wide.data(), weights, int(run));
    if (!with_rest) continue;
    for (std::size_t i = 0; i < run; ++i) left[i] = wide[i] - widened(weights[i]);
    narrow(left.data(), &to.rest[std::size_t(row) * run], int(run));
  }
}

/// What is packed from the weights of a step. Its output p * step.outputs + o is made by the step's output o and the
/// taps at p: of an ordinary convolution there is one such set, of a phase one per position.
struct Part {
  PackedConvolution packed;
  std::vector<Taps> taps;
};

void fill(Part& part, const Step& step, const Piece& piece, const Rounded& rounded) {
  PackedConvolution& c = part.packed;
  const bool transposed = step.kind == Step::Kind::transposed_convolution;
  const int halves = kernels::halves(c.outputs, c.pad), width = halves * kernels::kHalf;
  const std::ptrdiff_t third = std::ptrdiff_t(c.steps) / 3 * halves * kTileElements;
  const std::ptrdiff_t area = std::ptrdiff_t(step.kernel[0]) * step.kernel[1];
  const std::ptrdiff_t per_input = area * (transposed ? piece.outputs() : 1),
                       per_output = area * (transposed ? 1 : piece.inputs());
  bf16* outputs[kernels::kHalf];  // where each begins
  for (std::size_t p = 0; p < part.taps.size(); ++p) {
    for (int o = 0; o < piece.outputs(); ++o) {
      const int n = int(p) * step.outputs + piece.first_output + o;
      outputs[o] = c.memory.get() + std::ptrdiff_t(n / width) * c.steps * halves * kTileElements +
                   n % width / kernels::kHalf * kTileElements + n % kernels::kHalf * 2;
    }
    for (const Tap& tap : part.taps[p])
      for (int i = 0; i < piece.inputs(); ++i) {
        const auto [at, k] = place(c, tap.packed[0], tap.packed[1], piece.first_input + i);
        const std::ptrdiff_t to = std::ptrdiff_t(at) * halves * kTileElements + k / 2 * 2 * kernels::kHalf + k % 2;
        const std::ptrdiff_t from = i * per_input + tap.stored;
        for (int o = 0; o < piece.outputs(); ++o) outputs[o][to] = rounded.weights[std::size_t(from + o * per_output)];
        if (!c.split) continue;
        for (int o = 0; o < piece.outputs(); ++o) {
          outputs[o][to + third] = outputs[o][to];
          outputs[o][to + 2 * third] = rounded.rest[std::size_t(from + o * per_output)];
        }
      }
  }
}

void fill(std::vector<Part>& parts, const Step& step) {
  const int inputs = parts[0].packed.inputs, area = step.kernel[0] * step.kernel[1];
  // So much at a time stays in the first caches.
  const int depth = std::max(kernels::kDepth, 1024 / area / kernels::kDepth * kernels::kDepth);
  const int across = (inputs + depth - 1) / depth, down = (step.outputs + kernels::kHalf - 1) / kernels::kHalf;
  parallel(across * down, [&](int begin, int end) {
    Rounded rounded;
    for (int i = begin; i < end; ++i) {
      Piece piece;
      piece.first_output = i / across * kernels::kHalf;
      piece.end_output = std::min(piece.first_output + kernels::kHalf, step.outputs);
      piece.first_input = i % across * depth;
      piece.end_input = std::min(piece.first_input + depth, inputs);
      round(step, piece, parts[0].packed.split, rounded);
      for (Part& part : parts) fill(part, step, piece, rounded);
    }
  });
}

/// Room for the tiles and the bias filled up. `taps`: of the kernel that have weights. Tiles that these do not fill are
/// cleared.
void allocate(PackedConvolution& c, std::size_t taps) {
  c.steps = count_steps(c) * (c.split ? 3 : 1);
  const int halves = kernels::halves(c.outputs, c.pad), width = halves * kernels::kHalf,
            blocks = (c.outputs + width - 1) / width;
  c.bias.resize(std::size_t(blocks) * width, 0.f);
  const std::size_t bytes = std::size_t(blocks) * c.steps * halves * kernels::kTileBytes;
  c.memory.reset(static_cast<bf16*>(std::aligned_alloc(64, bytes)));
  if (!c.memory) throw std::bad_alloc();
  const bool full = !is_dense(c.inputs) && c.inputs % kernels::kDepth == 0 && c.outputs % width == 0 &&
                    taps == std::size_t(c.kernel[0]) * std::size_t(c.kernel[1]);
  if (!full) std::memset(c.memory.get(), 0, bytes);
}

}  // namespace

std::vector<std::ptrdiff_t> PackedConvolution::offsets(const View& in) const {
  std::vector<std::ptrdiff_t> result(std::size_t(steps), 0);
  for (int y = 0; y < kernel[0]; ++y)
    for (int x = 0; x < kernel[1]; ++x)
      for (int channel = 0; channel < inputs; ++channel) {
        const auto [step, k] = place(*this, y, x, channel);
        if (k == 0)
          result[std::size_t(step)] =
              y * dilation[0] * in.row + x * dilation[1] * in.pixel + channel * std::ptrdiff_t(sizeof(bf16));
      }
  if (!split) return result;
  const std::size_t third = std::size_t(steps) / 3;
  for (std::size_t s = 0; s < third; ++s) {
    result[third + s] = result[s] + pitch(inputs) * std::ptrdiff_t(sizeof(bf16));
    result[2 * third + s] = result[s];
  }
  return result;
}

PackedConvolution pack(const Step& step, bool pad) {
  if (is_dense(step.weights.dims[1]) && step.dilation[1] != 1) refuse(step, "few dilated channels in bf16");
  if (step.absolute && step.kernel != std::array<int, 2>{1, 1}) refuse(step, "a large kernel on magnitudes in bf16");
  if (step.absolute && step.stride != std::array<int, 2>{1, 1}) refuse(step, "a stride on magnitudes in bf16");
  std::vector<Part> parts(1);
  PackedConvolution& p = parts[0].packed;
  p.kernel = step.kernel;
  p.stride = step.stride;
  p.dilation = step.dilation;
  p.before = {step.pad[0], step.pad[1]};
  p.inputs = step.weights.dims[1];
  p.outputs = step.outputs;
  p.pad = pad;
  p.bias = step.bias;
  Taps taps;
  for (int y = 0; y < p.kernel[0]; ++y)
    for (int x = 0; x < p.kernel[1]; ++x) taps.push_back({{y, x}, y * p.kernel[1] + x});
  allocate(p, taps.size());
  parts[0].taps.push_back(std::move(taps));
  fill(parts, step);
  return std::move(p);
}

std::vector<PackedConvolution> pack_phases(const Step& step, const std::vector<Phase>& phases, bool pad, bool split) {
  std::vector<Part> parts(phases.size());
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const Phase& phase = phases[i];
    PackedConvolution& p = parts[i].packed;
    p.kernel = phase.kernel;
    p.stride = p.dilation = {1, 1};
    p.before = phase.before;
    p.inputs = step.weights.dims[0];
    p.outputs = step.outputs * int(phase.positions.size());
    p.pad = pad;
    p.split = split;
    p.positions = phase.positions;
    std::size_t fewest = SIZE_MAX;
    for (const auto& position : phase.positions) {
      p.bias.insert(p.bias.end(), step.bias.begin(), step.bias.end());
      Taps taps;
      for (int y = 0; y < p.kernel[0]; ++y)
        for (int x = 0; x < p.kernel[1]; ++x) {
          const int tap = phase.tap(step, position, y, x);
          if (tap >= 0) taps.push_back({{y, x}, tap});
        }
      fewest = std::min(fewest, taps.size());
      parts[i].taps.push_back(std::move(taps));
    }
    allocate(p, fewest);
  }
  fill(parts, step);
  std::vector<PackedConvolution> packed;
  for (Part& part : parts) packed.push_back(std::move(part.packed));
  return packed;
}

PackedDepthwise pack_depthwise(const Step& step) {
  if (step.group != step.outputs || step.weights.dims[1] != 1 || is_dense(step.outputs) || step.absolute)
    refuse(step, "groups other than single channels in bf16");
  const std::size_t channels = std::size_t(step.outputs), padded = std::size_t(pitch(step.outputs));
  const std::size_t taps = std::size_t(step.kernel[0]) * std::size_t(step.kernel[1]);
  PackedDepthwise d;
  const std::vector<float> weights = step.weights.floats();
  d.weights.assign(taps * padded, 0.f);
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t t = 0; t < taps; ++t) d.weights[t * padded + c] = weights[c * taps + t];
  d.bias = step.bias;
  d.bias.resize(padded, 0.f);
  return d;
}

}  // namespace calotype::onednn
