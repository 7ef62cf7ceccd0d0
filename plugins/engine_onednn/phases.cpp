// SPDX-License-Identifier: Apache-2.0
#include "phases.hpp"

#include <algorithm>
#include <cstdint>
#include <map>

namespace calotype::onednn {
namespace {

using network::Step;

/// Along one dimension output s y + p reads inputs y + first ... y + last, input y + i through tap (y - i) s + p + pad.
struct Reach {
  int first, last;
};

Reach reach(const Step& step, std::size_t dimension, int position) {
  const int stride = step.stride[dimension], shifted = position + step.pad[dimension];
  const int taps = (step.kernel[dimension] - shifted % stride + stride - 1) / stride;
  return {shifted / stride - taps + 1, shifted / stride};
}

std::int64_t padded(std::int64_t channels) { return (channels + 15) / 16 * 16; }
std::int64_t cost(const Phase& phase, int outputs) {
  return phase.kernel[0] * phase.kernel[1] * padded(outputs * static_cast<std::int64_t>(phase.positions.size()));
}

Phase spanning(const Step& step, std::vector<std::array<int, 2>> positions) {
  Phase phase;
  for (std::size_t d = 0; d < 2; ++d) {
    int first = 1 << 20, last = -(1 << 20);
    for (const auto& p : positions) {
      const Reach r = reach(step, d, p[d]);
      first = std::min(first, r.first);
      last = std::max(last, r.last);
    }
    phase.before[d] = -first;
    phase.kernel[d] = last - first + 1;
  }
  phase.positions = std::move(positions);
  return phase;
}

}  // namespace

int Phase::tap(const Step& step, const std::array<int, 2>& position, int y, int x) const {
  const int row = (before[0] - y) * step.stride[0] + position[0] + step.pad[0];
  const int column = (before[1] - x) * step.stride[1] + position[1] + step.pad[1];
  const bool exists = row >= 0 && row < step.kernel[0] && column >= 0 && column < step.kernel[1];
  return exists ? row * step.kernel[1] + column : -1;
}

network::Constant weights(const Step& step, const Phase& phase) {
  const int inputs = step.weights.dims[0], outputs = step.outputs;
  const std::vector<float> values = step.weights.floats();
  network::Constant result{{outputs * int(phase.positions.size()), inputs, phase.kernel[0], phase.kernel[1]}, {}, {}};
  for (const auto& position : phase.positions)
    for (int o = 0; o < outputs; ++o)
      for (int i = 0; i < inputs; ++i)
        for (int y = 0; y < phase.kernel[0]; ++y)
          for (int x = 0; x < phase.kernel[1]; ++x) {
            const std::size_t plane = std::size_t(step.kernel[0]) * std::size_t(step.kernel[1]);
            const int tap = phase.tap(step, position, y, x);
            const std::size_t kernel = (std::size_t(i) * outputs + o) * plane;
            result.values.push_back(tap < 0 ? 0.f : values[kernel + tap]);
          }
  return result;
}

std::vector<Phase> phases(const Step& step) {
  if (step.group != 1) refuse(step, "groups");
  if (step.absolute) refuse(step, "magnitudes");
  if (step.dilation != std::array<int, 2>{1, 1}) refuse(step, "dilation");
  std::map<std::array<int, 4>, std::vector<std::array<int, 2>>> alike;
  std::vector<std::array<int, 2>> all;
  for (int y = 0; y < step.stride[0]; ++y)
    for (int x = 0; x < step.stride[1]; ++x) {
      const Reach v = reach(step, 0, y), h = reach(step, 1, x);
      if (v.last < v.first || h.last < h.first) refuse(step, "a stride beyond the kernel");
      alike[{v.first, v.last, h.first, h.last}].push_back({y, x});
      all.push_back({y, x});
    }
  std::vector<Phase> parts;
  std::int64_t apart = 0;
  for (const auto& group : alike) {
    parts.push_back(spanning(step, group.second));
    apart += cost(parts.back(), step.outputs);
  }
  const Phase together = spanning(step, all);
  if (cost(together, step.outputs) <= apart) parts = {together};
  for (const Phase& part : parts)
    if (part.before[0] < 0 || part.before[1] < 0) refuse(step, "a padding beyond the kernel");
  return parts;
}

}  // namespace calotype::onednn
