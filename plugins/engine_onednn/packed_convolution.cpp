// SPDX-License-Identifier: Apache-2.0
#include "packed_convolution.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "parallel.hpp"

namespace calotype::onednn {
namespace {

using network::Step;

constexpr int kTileElements = amx::kTileBytes / int(sizeof(bf16));

int chunks(int depth) { return (depth + amx::kDepth - 1) / amx::kDepth; }

int count_steps(const PackedConvolution& c) {
  return is_dense(c.inputs) ? c.kernel[0] * chunks(c.kernel[1] * c.inputs)
                            : c.kernel[0] * c.kernel[1] * chunks(c.inputs);
}

/// Step and place within it at which an input is read.
std::pair<int, int> place(const PackedConvolution& c, int y, int x, int channel) {
  if (is_dense(c.inputs)) {  // a row of the kernel at a time
    const int i = x * c.inputs + channel;
    return {y * chunks(c.kernel[1] * c.inputs) + i / amx::kDepth, i % amx::kDepth};
  }
  return {(channel / amx::kDepth * c.kernel[0] + y) * c.kernel[1] + x, channel % amx::kDepth};
}

/// The weights in the file: of a step, or those of its taps that a phase uses.
struct Source {
  const float* values;
  std::ptrdiff_t output, input;          // distances
  std::vector<std::array<int, 2>> taps;  // of the packed kernel
  std::vector<std::ptrdiff_t> offsets;   // of each tap
};

/// Outputs `first` ... of the packed convolution come from outputs 0 ... `count` of `from`.
void fill(PackedConvolution& c, const Source& from, int first, int count) {
  const int halves = amx::halves(c.outputs, c.pad), width = halves * amx::kHalf;
  // Where input i, tap t of output 0 goes.
  std::vector<std::ptrdiff_t> to;
  for (int i = 0; i < c.inputs; ++i)
    for (const auto& t : from.taps) {
      const auto [step, k] = place(c, t[0], t[1], i);
      to.push_back(std::ptrdiff_t(step) * halves * kTileElements + k / 2 * 2 * amx::kHalf + k % 2);
    }
  const std::ptrdiff_t third = std::ptrdiff_t(c.steps) / 3 * halves * kTileElements;
  const auto one = [&](int i, int o) {
    const int n = first + o;
    bf16* const block = c.memory.get() + std::ptrdiff_t(n / width) * c.steps * halves * kTileElements +
                        n % width / amx::kHalf * kTileElements + n % amx::kHalf * 2;
    const float* const values = from.values + o * from.output + i * from.input;
    const std::ptrdiff_t* const at = &to[std::size_t(i) * from.taps.size()];
    for (std::size_t t = 0; t < from.taps.size(); ++t) {
      const float v = values[from.offsets[t]];
      bf16* const put = block + at[t];
      *put = narrowed(v);
      if (!c.split) continue;
      put[third] = *put;
      put[2 * third] = narrowed(v - widened(*put));
    }
  };
  // In the order of the file; threads take outputs of their own.
  constexpr int piece = 16;
  parallel((count + piece - 1) / piece, [&](int begin, int stop) {
    const int start = begin * piece, end = std::min(stop * piece, count);
    if (from.output > from.input) {
      for (int o = start; o < end; ++o)
        for (int i = 0; i < c.inputs; ++i) one(i, o);
    } else {
      for (int i = 0; i < c.inputs; ++i)
        for (int o = start; o < end; ++o) one(i, o);
    }
  });
}

/// Room for the tiles and the bias filled up. `taps`: of the kernel that have weights. Tiles that these do not fill are
/// cleared.
void allocate(PackedConvolution& c, std::size_t taps) {
  c.steps = count_steps(c) * (c.split ? 3 : 1);
  const int halves = amx::halves(c.outputs, c.pad), width = halves * amx::kHalf,
            blocks = (c.outputs + width - 1) / width;
  c.bias.resize(std::size_t(blocks) * width, 0.f);
  const std::size_t bytes = std::size_t(blocks) * c.steps * halves * amx::kTileBytes;
  c.memory.reset(static_cast<bf16*>(std::aligned_alloc(64, bytes)));
  if (!c.memory) throw std::bad_alloc();
  const bool full = !is_dense(c.inputs) && c.inputs % amx::kDepth == 0 && c.outputs % width == 0 &&
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
  PackedConvolution p;
  p.kernel = step.kernel;
  p.stride = step.stride;
  p.dilation = step.dilation;
  p.before = {step.pad[0], step.pad[1]};
  p.inputs = step.weights.dims[1];
  p.outputs = step.outputs;
  p.pad = pad;
  p.bias = step.bias;
  allocate(p, std::size_t(p.kernel[0]) * std::size_t(p.kernel[1]));
  const std::ptrdiff_t plane = std::ptrdiff_t(p.kernel[0]) * p.kernel[1];
  Source from{step.weights.values.data(), plane * p.inputs, plane, {}, {}};
  for (int y = 0; y < p.kernel[0]; ++y)
    for (int x = 0; x < p.kernel[1]; ++x) {
      from.taps.push_back({y, x});
      from.offsets.push_back(y * p.kernel[1] + x);
    }
  fill(p, from, 0, p.outputs);
  return p;
}

PackedConvolution pack_phase(const Step& step, const Phase& phase, std::size_t first, std::size_t count, bool pad,
                             bool split) {
  PackedConvolution p;
  p.kernel = phase.kernel;
  p.stride = p.dilation = {1, 1};
  p.before = phase.before;
  p.inputs = step.weights.dims[0];
  p.outputs = step.outputs * int(count);
  p.pad = pad;
  p.split = split;
  for (std::size_t i = first; i < first + count; ++i) {
    p.positions.push_back(phase.positions[i]);
    p.bias.insert(p.bias.end(), step.bias.begin(), step.bias.end());
  }
  const std::ptrdiff_t plane = std::ptrdiff_t(step.kernel[0]) * step.kernel[1];
  std::vector<Source> sources;
  std::size_t fewest = SIZE_MAX;
  for (const auto& position : p.positions) {
    Source from{step.weights.values.data(), plane, plane * step.outputs, {}, {}};
    for (int y = 0; y < p.kernel[0]; ++y)
      for (int x = 0; x < p.kernel[1]; ++x) {
        const int tap = phase.tap(step, position, y, x);
        if (tap < 0) continue;
        from.taps.push_back({y, x});
        from.offsets.push_back(tap);
      }
    fewest = std::min(fewest, from.taps.size());
    sources.push_back(std::move(from));
  }
  allocate(p, fewest);
  for (std::size_t i = 0; i < count; ++i) fill(p, sources[i], int(i) * step.outputs, step.outputs);
  return p;
}

PackedDepthwise pack_depthwise(const Step& step) {
  if (step.group != step.outputs || step.weights.dims[1] != 1 || is_dense(step.outputs) || step.absolute)
    refuse(step, "groups other than single channels in bf16");
  const std::size_t channels = std::size_t(step.outputs), padded = std::size_t(pitch(step.outputs));
  const std::size_t taps = std::size_t(step.kernel[0]) * std::size_t(step.kernel[1]);
  PackedDepthwise d;
  d.weights.assign(taps * padded, 0.f);
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t t = 0; t < taps; ++t) d.weights[t * padded + c] = step.weights.values[c * taps + t];
  d.bias = step.bias;
  d.bias.resize(padded, 0.f);
  return d;
}

}  // namespace calotype::onednn
