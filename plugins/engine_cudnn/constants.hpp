// SPDX-License-Identifier: Apache-2.0
// Everything about a program that does not change between runs, as one block of bytes for the device.
#pragma once
#include "kernels.hpp"

namespace calotype::cudnn {

/// Who runs a convolution.
enum class Runner {
  library,    ///< cuDNN: one group, the same padding on both sides
  depthwise,  ///< DepthwiseConvolution
  general,    ///< Convolution
};

/// Places in Constants::bytes.
struct StepConstants {
  Runner runner = Runner::general;
  WeightStrides strides;
  std::size_t weights = 0, bias = 0;
  bool has_bias = false;
  std::vector<std::size_t> per_channel;  ///< of each post operation; unused where it has one number for all
};

struct Constants {
  std::vector<std::uint8_t> bytes;
  std::vector<StepConstants> steps;
};

/// Weights lie as the convolution's runner wants them:
///   library    O, taps, I as cuDNN's NHWC filters, both padded; transposed: I, taps, O, for it runs the gradient of
///              the convolution that goes the other way
///   the others taps, I / group, O, the outputs padded
/// T is the type of activations and weights. Throws unsupported for groups that do not divide the channels.
template <class T>
Constants pack(const network::Program& program);

/// Whether numbers of a post operation differ between channels.
inline bool differs_by_channel(const network::PostOp& post) {
  return post.kind == network::PostOp::Kind::per_channel ||
         (post.kind == network::PostOp::Kind::leaky_relu && post.numbers.size() > 1);
}

}  // namespace calotype::cudnn
