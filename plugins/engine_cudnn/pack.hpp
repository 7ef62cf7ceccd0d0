// SPDX-License-Identifier: Apache-2.0
// Definition of pack(), for those who instantiate it.
#pragma once
#include <algorithm>
#include <cstring>

#include "constants.hpp"

namespace calotype::cudnn {

inline bool is_convolution(const network::Step& step) {
  return step.kind == network::Step::Kind::convolution || step.kind == network::Step::Kind::transposed_convolution;
}
inline bool is_transposed(const network::Step& step) {
  return step.kind == network::Step::Kind::transposed_convolution;
}
/// Channels of a convolution's input.
inline int inputs_of(const network::Step& step) {
  return is_transposed(step) ? step.weights.dims[0] : step.weights.dims[1] * step.group;
}

inline Runner runner_of(const network::Step& step) {
  const bool same_padding = step.pad[0] == step.pad[2] && step.pad[1] == step.pad[3];
  // cuDNN derives the transposed result's size from the other direction, which cannot grow it by a whole stride.
  const bool within_stride = step.output_padding[0] < step.stride[0] && step.output_padding[1] < step.stride[1];
  if (step.group == 1 && same_padding && within_stride) return Runner::library;
  const bool depthwise = step.group == step.outputs && step.group == inputs_of(step);
  return depthwise ? Runner::depthwise : Runner::general;
}

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
  const std::size_t in_row = static_cast<std::size_t>(padded(inputs)),
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
  using Kind = network::Step::Kind;
  using Post = network::PostOp::Kind;
  const bool known = is_convolution(step) || step.kind == Kind::pointwise || step.kind == Kind::depth_to_space ||
                     step.kind == Kind::space_to_depth || (step.kind == Kind::concatenate && step.axis == 1);
  if (!known) network::refuse(step, "there is no kernel for it on GPUs");
  for (const network::PostOp& post : step.post) {
    switch (post.kind) {
      case Post::leaky_relu:
      case Post::affine:
      case Post::per_channel:
      case Post::abs:
      case Post::sigmoid:
      case Post::add:
      case Post::subtract:
      case Post::subtract_from:
      case Post::multiply:
      case Post::divide:
      case Post::divide_into:
        if (!post.repeated) break;
        [[fallthrough]];
      default:
        network::refuse(step, "there is no kernel for what follows it on GPUs");
    }
  }
}

template <class T>
Constants pack(const network::Program& program) {
  Constants result;
  for (const network::Step& step : program.steps) {
    check_step(step);
    StepConstants constants;
    if (is_convolution(step)) pack_convolution<T>(step, constants, result);
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
