// SPDX-License-Identifier: Apache-2.0
// Everything about a program that does not change between runs, as one block of bytes for the device.
#pragma once
#include <algorithm>

#include "kernels.hpp"
#include "runner.hpp"

namespace calotype::cudnn {

/// Places in Constants::bytes.
struct StepConstants {
  Runner runner = Runner::general;
  WeightStrides strides;
  std::size_t weights = 0, bias = 0;
  bool has_bias = false;
  std::size_t numbers = 0;               ///< of an instance normalisation: factors and summands
  std::vector<std::size_t> per_channel;  ///< of each post operation; unused where it has one number for all
};

struct Constants {
  std::vector<std::uint8_t> bytes;
  std::vector<StepConstants> steps;
};

/// Weights lie as the convolution's runner wants them:
///   library    O, taps, I / group as cuDNN's NHWC filters, without groups both padded; transposed: I, taps, O, for it
///              runs the gradient of the convolution that goes the other way
///   the others taps, I / group, O, the outputs padded
/// T is the type of activations and weights. Throws unsupported, naming operator and node, for what there is no kernel
/// for.
template <class T>
Constants pack(const network::Program& program);

/// Whether numbers of a post operation differ between channels.
inline bool differs_by_channel(const network::PostOp& post) {
  return post.kind == network::PostOp::Kind::per_channel ||
         (post.kind == network::PostOp::Kind::leaky_relu && post.numbers.size() > 1);
}

/// How many of a step's post operations, from `first` on, one Chain does: what one of them keeps reaches no other
/// chain. 0 where that are more than it takes.
inline std::size_t chain_length(const network::Step& step, std::size_t first) {
  using Kind = network::PostOp::Kind;
  constexpr std::size_t kMost = Chain<float>::kMost;
  std::size_t end = std::min(step.post.size(), first + kMost);
  const auto needs_kept = [&](std::size_t at) {
    for (; at < step.post.size() && step.post[at].kind != Kind::keep; ++at)
      if (step.post[at].kind == Kind::times_kept) return true;
    return false;
  };
  while (end > first && needs_kept(end)) --end;
  return end - first;
}

}  // namespace calotype::cudnn
