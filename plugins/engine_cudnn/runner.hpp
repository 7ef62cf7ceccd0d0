// SPDX-License-Identifier: Apache-2.0
// Who runs a convolution, and what of.
#pragma once
#include "layout.hpp"

namespace calotype::cudnn {

enum class Runner {
  library,    ///< cuDNN
  depthwise,  ///< DepthwiseConvolution
  general,    ///< Convolution
};

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
inline bool has_equal_padding(const network::Step& step) {
  return step.pad[0] == step.pad[2] && step.pad[1] == step.pad[3];
}

inline Runner runner_of(const network::Step& step) {
  if (step.group > 1 && step.group == step.outputs && step.group == inputs_of(step)) return Runner::depthwise;
  bool possible;
  if (is_transposed(step))
    // cuDNN derives the result's size from the other direction, which cannot grow it by a whole stride.
    possible = step.group == 1 && has_equal_padding(step) && step.output_padding[0] < step.stride[0] &&
               step.output_padding[1] < step.stride[1];
  else  // channels that pad would be the last group's
    possible = step.group == 1 || (inputs_of(step) % kLanes == 0 && step.outputs % kLanes == 0);
  return possible ? Runner::library : Runner::general;
}

/// What cuDNN, whose padding is the same on both sides, reads instead of a convolution's input.
struct LibraryInput {
  network::Shape shape;
  std::array<int, 2> pad;  ///< that cuDNN adds
  bool is_copy;            ///< made by ConvolutionInput: with zeros around it, or of magnitudes
};

inline LibraryInput library_input(const network::Step& step, const network::Shape& in) {
  if (has_equal_padding(step)) return {in, {step.pad[0], step.pad[1]}, step.absolute};
  return {{in[0], in[1], in[2] + step.pad[0] + step.pad[2], in[3] + step.pad[1] + step.pad[3]}, {0, 0}, true};
}

}  // namespace calotype::cudnn
