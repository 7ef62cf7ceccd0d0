// SPDX-License-Identifier: Apache-2.0
// A program, step by step.
#pragma once
#include <algorithm>

#include "spatial_steps.hpp"

namespace calotype::cudnn {

/// From the input as cuDNN reads it; where the library has the convolution.
template <class T, class Device>
bool convolve_by_library(const Run<T, Device>& run, std::size_t i) {
  const network::Step& step = run.program.steps[i];
  const LibraryInput input = library_input(step, run.shape(step.in[0]));
  const T* in = run.at(step.in[0]);
  if (input.is_copy) {
    const bool around = !has_equal_padding(step);
    T* const copy = run.template scratch<T>();
    run.device.each(static_cast<Index>(padded_elements(input.shape) / kLanes),
                    ConvolutionInput<T>{in, copy, run.sides(step.in[0]), sides_of(input.shape),
                                        around ? step.pad[0] : 0, around ? step.pad[1] : 0, step.absolute});
    in = copy;
  }
  const T* const weights = run.template constant<T>(run.layout.steps[i].weights);
  return run.device.convolve(i, in, weights, run.at(step.out));
}

/// Without its bias. Returns whether zeros pad the result: the library's own sums leave them only where no input is
/// infinite.
template <class T, class Device>
bool convolve(const Run<T, Device>& run, std::size_t i) {
  const network::Step& step = run.program.steps[i];
  const StepConstants& constants = run.layout.steps[i];
  if (constants.runner == Runner::library && convolve_by_library(run, i)) return padded(step.outputs) == step.outputs;
  const network::Shape &from = run.shape(step.in[0]), &to = run.shape(step.out);
  const auto axis = [&](std::size_t k) {
    return Axis{from[2 + k], to[2 + k], step.kernel[k], step.stride[k], step.dilation[k], step.pad[k]};
  };
  const T* const in = run.at(step.in[0]);
  const T* const weights = run.template constant<T>(constants.weights);
  T* const out = run.at(step.out);
  if (constants.runner == Runner::depthwise)
    run.device.each(run.groups(step.out), DepthwiseConvolution<T>{in, weights, out, axis(0), axis(1), step.outputs,
                                                                  is_transposed(step), step.absolute});
  else
    run.device.each(run.count(step.out), Convolution<T>{in, weights, out, axis(0), axis(1), constants.strides, from[1],
                                                        step.outputs, step.group, is_transposed(step), step.absolute});
  return true;
}

/// Post operation k of step i.
template <class T, class Device>
Operation<T> operation(const Run<T, Device>& run, std::size_t i, std::size_t k) {
  const network::Step& step = run.program.steps[i];
  const network::PostOp& post = step.post[k];
  Operation<T> result{};
  result.kind = post.kind;
  if (differs_by_channel(post))
    result.per_channel = run.template constant<float>(run.layout.steps[i].per_channel[k]);
  else
    std::copy(post.numbers.begin(), post.numbers.end(), result.numbers);
  if (post.operand < 0) return result;
  const network::Shape& shape = run.shape(post.operand);
  const Sides sides = sides_of(shape);
  result.operand = run.at(post.operand);
  result.repeated = post.repeated;
  result.one_channel = sides.channels == 1 && run.shape(step.out)[1] > 1;
  result.image = shape[0] == 1 ? 0 : sides.group(1, 0, 0, 0);
  result.line = sides.height == 1 ? 0 : sides.group(0, 1, 0, 0);
  result.pixel = sides.width == 1 ? 0 : sides.group(0, 0, 1, 0);
  return result;
}

/// Bias and post operations of step i, from `in` to its result.
template <class T, class Device>
void chain(const Run<T, Device>& run, std::size_t i, const T* in) {
  const network::Step& step = run.program.steps[i];
  const StepConstants& constants = run.layout.steps[i];
  const float* const bias = constants.has_bias ? run.template constant<float>(constants.bias) : nullptr;
  Chain<T> kernel{in, run.at(step.out), bias, run.sides(step.out), 0, {}};
  std::size_t k = 0;
  do {
    const std::size_t end = k + chain_length(step, k);
    for (kernel.count = 0; k < end; ++k) kernel.operations[kernel.count++] = operation(run, i, k);
    run.device.each(run.groups(step.out), kernel);
    kernel.in = kernel.out;
    kernel.bias = nullptr;
  } while (k < step.post.size());
}

template <class T, class Device>
void run_step(const Run<T, Device>& run, std::size_t i) {
  using Kind = network::Step::Kind;
  const network::Step& step = run.program.steps[i];
  bool padded_by_zeros = true;
  switch (step.kind) {
    case Kind::convolution:
    case Kind::transposed_convolution:
      padded_by_zeros = convolve(run, i);
      break;
    case Kind::pointwise:
      return chain(run, i, run.at(step.in[0]));
    case Kind::concatenate:
      concatenate(run, step);
      break;
    case Kind::depth_to_space:
    case Kind::space_to_depth:
      shuffle(run, step);
      break;
    case Kind::pooling:
      pool(run, step);
      break;
    case Kind::softmax:
      softmax(run, step);
      break;
    case Kind::instance_normalisation:
      normalise_instances(run, i);
      break;
    case Kind::response_normalisation:
      normalise_responses(run, step);
      break;
    case Kind::resize:
      resize(run, i);
      break;
    case Kind::padding:
    case Kind::slice:
      pick(run, i);
      break;
    case Kind::rearrange:
      rearrange(run, step);
      break;
  }
  if (!step.post.empty() || run.layout.steps[i].has_bias || !padded_by_zeros) chain(run, i, run.at(step.out));
}

template <class T, class Device>
void run_steps(const Run<T, Device>& run) {
  for (std::size_t i = 0; i < run.program.steps.size(); ++i) run_step(run, i);
}

}  // namespace calotype::cudnn
