// SPDX-License-Identifier: Apache-2.0
#include "packed_convolution.hpp"

#include <cstring>
#include <new>

namespace calotype::onednn {
namespace {

using network::Step;

constexpr int kTileElements = amx::kTileBytes / int(sizeof(bf16));

/// To the nearest, ties to even.
bf16 narrow(float v) {
  std::uint32_t bits;
  std::memcpy(&bits, &v, 4);
  return bf16((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

}  // namespace

PackedConvolution::Tap PackedConvolution::tap(int s, int k) const {
  if (is_dense(inputs)) {  // a row of the kernel at a time
    const int chunks = (kernel[1] * inputs + amx::kDepth - 1) / amx::kDepth, i = s % chunks * amx::kDepth + k;
    return {s / chunks, i / inputs, i % inputs};
  }
  const int taps = kernel[0] * kernel[1];
  return {s % taps / kernel[1], s % taps % kernel[1], s / taps * amx::kDepth + k};
}

std::vector<std::ptrdiff_t> PackedConvolution::offsets(const View& in) const {
  std::vector<std::ptrdiff_t> result;
  for (int s = 0; s < steps; ++s) {
    const Tap t = tap(s, 0);
    result.push_back(t.y * dilation[0] * in.row + t.x * dilation[1] * in.pixel +
                     t.channel * std::ptrdiff_t(sizeof(bf16)));
  }
  return result;
}

void PackedConvolution::pack(const float* weights) {
  const auto chunks = [](int depth) { return (depth + amx::kDepth - 1) / amx::kDepth; };
  steps = is_dense(inputs) ? kernel[0] * chunks(kernel[1] * inputs) : kernel[0] * kernel[1] * chunks(inputs);
  const int halves = amx::halves(outputs, pad), width = halves * amx::kHalf, blocks = (outputs + width - 1) / width;
  bias.resize(std::size_t(blocks) * width, 0.f);
  const std::size_t tiles = std::size_t(blocks) * steps * halves;
  tiles_.reset(static_cast<bf16*>(std::aligned_alloc(64, tiles * amx::kTileBytes)));
  if (!tiles_) throw std::bad_alloc();
  const std::ptrdiff_t plane = std::ptrdiff_t(kernel[0]) * kernel[1], filter = plane * inputs;
#pragma omp parallel for collapse(2) schedule(static)
  for (int block = 0; block < blocks; ++block)
    for (int s = 0; s < steps; ++s)
      for (int k = 0; k < amx::kDepth; ++k) {
        const Tap t = tap(s, k);
        const bool exists = t.x < kernel[1] && t.channel < inputs;
        const float* from = weights + (exists ? t.channel * plane + t.y * kernel[1] + t.x : 0);
        bf16* const tile = tiles_.get() + (std::size_t(block) * steps + s) * halves * kTileElements;
        for (int n = 0; n < width; ++n) {
          const int output = block * width + n;
          tile[n / amx::kHalf * kTileElements + k / 2 * 2 * amx::kHalf + n % amx::kHalf * 2 + k % 2] =
              exists && output < outputs ? narrow(from[output * filter]) : bf16(0);
        }
      }
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
  p.pack(step.weights.values.data());
  return p;
}

PackedConvolution pack_phase(const Step& step, const Phase& phase, std::size_t first, std::size_t count, bool pad) {
  if (step.absolute) refuse(step, "magnitudes before a transposed convolution in bf16");
  PackedConvolution p;
  p.kernel = phase.kernel;
  p.stride = p.dilation = {1, 1};
  p.before = phase.before;
  p.inputs = step.weights.dims[0];
  p.outputs = step.outputs * int(count);
  p.pad = pad;
  for (std::size_t i = first; i < first + count; ++i) {
    p.positions.push_back(phase.positions[i]);
    p.bias.insert(p.bias.end(), step.bias.begin(), step.bias.end());
  }
  const std::size_t size = std::size_t(step.outputs) * p.inputs * p.kernel[0] * p.kernel[1];
  p.pack(phase.weights.values.data() + first * size);
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
