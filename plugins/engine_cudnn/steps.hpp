// SPDX-License-Identifier: Apache-2.0
// A program, step by step, on a device that is
//
//   struct Device {
//     template <class Kernel> void each(Index count, const Kernel& kernel);  // kernel(0) .. kernel(count - 1)
//     template <class T> bool convolve(std::size_t step, const T* in, const T* weights, T* out);  // false: it cannot
//   };
//
// The tests have a device of their own, on the processor.
#pragma once
#include <algorithm>

#include "pack.hpp"
#include "plan.hpp"

namespace calotype::cudnn {

template <class T, class Device>
class Steps {
 public:
  /// `memory`: plan.total bytes, with the inputs in place; `constants`: a copy of the constants' bytes.
  Steps(const network::Program& program, const Constants& layout, const std::uint8_t* constants, const Plan& plan,
        std::uint8_t* memory, Device& device)
      : program_(program), layout_(layout), constants_(constants), plan_(plan), memory_(memory), device_(device) {}

  void run() const {
    for (std::size_t i = 0; i < program_.steps.size(); ++i) run(i);
  }

 private:
  using Step = network::Step;

  const network::Shape& shape(int value) const { return plan_.shapes[static_cast<std::size_t>(value)]; }
  T* at(int value) const { return reinterpret_cast<T*>(memory_ + plan_.offsets[static_cast<std::size_t>(value)]); }
  template <class Number>
  const Number* constant(std::size_t place) const {
    return reinterpret_cast<const Number*>(constants_ + place);
  }
  Index count(int value) const { return static_cast<Index>(padded_elements(shape(value))); }

  void run(std::size_t i) const {
    const Step& step = program_.steps[i];
    bool padded_by_zeros = true;
    switch (step.kind) {
      case Step::Kind::convolution:
      case Step::Kind::transposed_convolution:
        padded_by_zeros = convolve(i);
        break;
      case Step::Kind::pointwise:
        return chain(i, at(step.in[0]));
      case Step::Kind::concatenate:
        concatenate(step);
        break;
      case Step::Kind::depth_to_space:
      case Step::Kind::space_to_depth:
        shuffle(step);
        break;
      default:  // refused by check_step()
        return;
    }
    if (!step.post.empty() || layout_.steps[i].has_bias || !padded_by_zeros) chain(i, at(step.out));
  }

  /// Whether zeros pad the result. The library's own sums leave them only where no input is infinite.
  bool convolve(std::size_t i) const {
    const Step& step = program_.steps[i];
    const StepConstants& constants = layout_.steps[i];
    const network::Shape &from = shape(step.in[0]), &to = shape(step.out);
    const T* const weights = constant<T>(constants.weights);
    if (constants.runner == Runner::library && device_.convolve(i, library_input(step), weights, at(step.out)))
      return padded(step.outputs) == step.outputs;
    const auto axis = [&](std::size_t k) {
      return Axis{from[2 + k], to[2 + k], step.kernel[k], step.stride[k], step.dilation[k], step.pad[k]};
    };
    if (constants.runner == Runner::depthwise)
      device_.each(count(step.out) / kLanes,
                   DepthwiseConvolution<T>{at(step.in[0]), weights, at(step.out), axis(0), axis(1), step.outputs,
                                           is_transposed(step), step.absolute});
    else
      device_.each(count(step.out),
                   Convolution<T>{at(step.in[0]), weights, at(step.out), axis(0), axis(1), constants.strides, from[1],
                                  step.outputs, step.group, is_transposed(step), step.absolute});
    return true;
  }

  const T* library_input(const Step& step) const {
    const T* const in = at(step.in[0]);
    if (!step.absolute) return in;
    T* const magnitude = reinterpret_cast<T*>(memory_ + plan_.magnitude);
    Chain<T> kernel{in, magnitude, nullptr, shape(step.in[0])[1], 1, {}};
    kernel.operations[0].kind = network::PostOp::Kind::abs;
    device_.each(count(step.in[0]) / kLanes, kernel);
    return magnitude;
  }

  /// Bias and post operations of step i, from `in` to its result.
  void chain(std::size_t i, const T* in) const {
    const Step& step = program_.steps[i];
    const StepConstants& constants = layout_.steps[i];
    T* const out = at(step.out);
    Chain<T> kernel{in, out, constants.has_bias ? constant<float>(constants.bias) : nullptr, shape(step.out)[1], 0, {}};
    const Index groups = count(step.out) / kLanes;
    for (std::size_t k = 0; k < step.post.size(); ++k) {
      if (kernel.count == Chain<T>::kMost) {
        device_.each(groups, kernel);
        kernel = {out, out, nullptr, kernel.channels, 0, {}};
      }
      const network::PostOp& post = step.post[k];
      Operation<T>& operation = kernel.operations[kernel.count++];
      operation.kind = post.kind;
      if (differs_by_channel(post))
        operation.per_channel = constant<float>(constants.per_channel[k]);
      else
        std::copy(post.numbers.begin(), post.numbers.end(), operation.numbers);
      if (post.operand >= 0) operation.operand = at(post.operand);
    }
    device_.each(groups, kernel);
  }

  void concatenate(const Step& step) const {
    const network::Shape& to = shape(step.out);
    const int row = padded(to[1]);
    const Index pixels = count(step.out) / static_cast<Index>(row);
    int first = 0;
    for (std::size_t k = 0; k < step.in.size(); ++k) {
      const int channels = shape(step.in[k])[1];
      const int written = k + 1 == step.in.size() ? row - first : channels;
      device_.each(pixels * static_cast<Index>(written),
                   CopyChannels<T>{at(step.in[k]), at(step.out), channels, first, written, row});
      first += channels;
    }
  }

  void shuffle(const Step& step) const {
    const network::Shape& to = shape(step.out);
    device_.each(count(step.out), Shuffle<T>{at(step.in[0]), at(step.out), shape(step.in[0])[1], to[1], to[2], to[3],
                                             step.block, step.kind == Step::Kind::depth_to_space, step.columns_first});
  }

  const network::Program& program_;
  const Constants& layout_;
  const std::uint8_t* constants_;
  const Plan& plan_;
  std::uint8_t* memory_;
  Device& device_;
};

}  // namespace calotype::cudnn
