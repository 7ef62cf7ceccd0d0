// SPDX-License-Identifier: Apache-2.0
// Definition of pack(), for those who instantiate it.
#pragma once
#include <algorithm>
#include <cstring>

#include "constants.hpp"

namespace calotype::cudnn {

/// Appends `values` as elements of type T, on a boundary that every load likes.
template <class T>
std::size_t append(Constants& to, const std::vector<float>& values) {
  constexpr std::size_t kBoundary = 256;
  const std::size_t at = (to.bytes.size() + kBoundary - 1) / kBoundary * kBoundary;
  to.bytes.resize(at + values.size() * sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const T value = static_cast<T>(values[i]);
    std::memcpy(&to.bytes[at + i * sizeof(T)], &value, sizeof(T));
  }
  return at;
}

/// `values` in rows of equal length, each row padded.
inline std::vector<float> padded_rows(const std::vector<float>& values, std::size_t rows) {
  const std::size_t length = values.size() / rows, row = static_cast<std::size_t>(padded(static_cast<int>(length)));
  std::vector<float> result(rows * row, 0.f);
  for (std::size_t i = 0; i < values.size(); ++i) result[i / length * row + i % length] = values[i];
  return result;
}

template <class T>
void pack_convolution(const network::Step& step, StepConstants& constants, Constants& to) {
  const bool transposed = is_transposed(step);
  const int inputs = inputs_of(step), outputs = step.outputs, group = step.group;
  if (inputs % group || outputs % group) network::refuse(step, "its groups do not divide its channels");
  const std::size_t taps = static_cast<std::size_t>(step.kernel[0]) * static_cast<std::size_t>(step.kernel[1]);
  const std::size_t in_group = static_cast<std::size_t>(inputs / group);
  const std::size_t out_group = static_cast<std::size_t>(outputs / group);
  const std::size_t in_row = group == 1 ? static_cast<std::size_t>(padded(inputs)) : in_group,
                    out_row = static_cast<std::size_t>(padded(outputs));

  constants.runner = runner_of(step);
  std::size_t count;
  if (constants.runner != Runner::library) {
    constants.strides = {1, in_group * out_row, out_row};
    count = taps * in_group * out_row;
  } else if (transposed) {
    constants.strides = {1, out_row, taps * out_row};
    count = in_row * taps * out_row;
  } else {
    constants.strides = {taps * in_row, in_row, 1};
    count = out_row * taps * in_row;
  }
  const std::vector<float> values = step.weights.floats();
  std::vector<float> weights(count, 0.f);
  for (std::size_t o = 0; o < static_cast<std::size_t>(outputs); ++o)
    for (std::size_t i = 0; i < in_group; ++i)
      for (std::size_t tap = 0; tap < taps; ++tap) {
        const std::size_t from = transposed ? ((o / out_group * in_group + i) * out_group + o % out_group) * taps + tap
                                            : (o * in_group + i) * taps + tap;
        const WeightStrides& s = constants.strides;
        weights[o * s.output + tap * s.tap + i * s.input] = values[from];
      }
  constants.weights = append<T>(to, weights);
  constants.has_bias = std::any_of(step.bias.begin(), step.bias.end(), [](float b) { return b != 0; });
  if (constants.has_bias) constants.bias = append<float>(to, padded_rows(step.bias, 1));
}

/// Refuses what this engine has no kernel for.
inline void check_step(const network::Step& step) {
  if (step.dims.size() > Rearrangement<float>::kMost)
    network::refuse(step, "more than " + std::to_string(Rearrangement<float>::kMost) + " dimensions on GPUs");
  for (std::size_t i = 0; i < step.post.size(); i += chain_length(step, i))
    if (chain_length(step, i) == 0)
      network::refuse(step, "a gate of more than " + std::to_string(Chain<float>::kMost) + " operations on GPUs");
}

template <class T>
Constants pack(const network::Program& program) {
  Constants result;
  for (const network::Step& step : program.steps) {
    check_step(step);
    StepConstants constants;
    if (is_convolution(step)) pack_convolution<T>(step, constants, result);
    if (step.kind == network::Step::Kind::instance_normalisation)
      constants.numbers = append<float>(result, padded_rows({step.numbers.begin() + 1, step.numbers.end()}, 2));
    for (const network::PostOp& post : step.post) {
      const std::size_t rows = post.kind == network::PostOp::Kind::per_channel ? 2 : 1;
      constants.per_channel.push_back(differs_by_channel(post) ? append<float>(result, padded_rows(post.numbers, rows))
                                                               : 0);
    }
    result.steps.push_back(std::move(constants));
  }
  return result;
}

}  // namespace calotype::cudnn
