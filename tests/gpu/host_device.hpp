// SPDX-License-Identifier: Apache-2.0
// The engine's device on the processor: its kernels in a loop, and what cuDNN's documentation says that cuDNN does.
#pragma once
#include <cmath>

#include "engine_cudnn/steps.hpp"
#include "reference.hpp"

/// Runs one program at one size, all memory on the heap and poisoned.
template <class T>
class HostRun {
 public:
  /// Without the library every convolution is run by the engine's own kernels.
  HostRun(const calotype::network::Program& program, bool library)
      : program_(program), constants_(calotype::cudnn::pack<T>(program)), library_(library) {}

  std::vector<Tensor> operator()(const std::vector<Tensor>& inputs) {
    namespace cudnn = calotype::cudnn;
    std::vector<calotype::network::Shape> shapes;
    for (const Tensor& input : inputs) shapes.push_back(input.shape);
    plan_ = cudnn::plan(program_, shapes, sizeof(T));
    Memory memory(plan_.total, 0xFF), constants(constants_.bytes.size(), 0);
    std::copy(constants_.bytes.begin(), constants_.bytes.end(), constants.data());
    for (std::size_t i = 0; i < inputs.size(); ++i) put(inputs[i], memory.data(), program_.inputs[i].second);
    cudnn::Steps<T, HostRun>(program_, constants_, constants.data(), plan_, memory.data(), *this).run();
    std::vector<Tensor> outputs;
    for (const auto& output : program_.outputs) outputs.push_back(take(memory.data(), output.second));
    return outputs;
  }

  // What Steps asks of a device.
  template <class Kernel>
  void each(calotype::cudnn::Index count, const Kernel& kernel) {
    for (calotype::cudnn::Index i = 0; i < count; ++i) kernel(i);
  }
  bool convolve(std::size_t step, const T* in, const T* weights, T* out) {
    if (library_) library_convolution(program_.steps[step], in, weights, out);
    return library_;
  }

 private:
  /// Bytes that 64-byte places of a plan are aligned in.
  class Memory {
   public:
    Memory(std::size_t bytes, unsigned char fill) : block_(bytes + 256, fill) {}
    std::uint8_t* data() {
      const std::size_t over = reinterpret_cast<std::uintptr_t>(block_.data()) % 256;
      return block_.data() + (256 - over) % 256;
    }

   private:
    std::vector<std::uint8_t> block_;
  };

  T* at(std::uint8_t* memory, int value) const {
    return reinterpret_cast<T*>(memory + plan_.offsets[std::size_t(value)]);
  }
  /// Single tensors cross with their channels last, so that both layouts are tested.
  static calotype::cudnn::FloatLayout layout(const calotype::network::Shape& s) {
    return {s[1], calotype::cudnn::Index(s[2] * s[3]), s[0] == 1};
  }
  /// Calls f(place in `layout`, place in N, C, H, W) for every element.
  template <class F>
  static void for_each_place(const calotype::network::Shape& s, F f) {
    const calotype::cudnn::FloatLayout to = layout(s);
    std::size_t i = 0;
    for (int n = 0; n < s[0]; ++n)
      for (int c = 0; c < s[1]; ++c)
        for (calotype::cudnn::Index pixel = 0; pixel < to.plane; ++pixel)
          f(to.place(calotype::cudnn::Index(n), c, pixel), i++);
  }
  void put(const Tensor& tensor, std::uint8_t* memory, int value) {
    const auto& s = tensor.shape;
    std::vector<float> floats(tensor.values.size());
    for_each_place(s, [&](std::size_t to, std::size_t from) { floats[to] = float(tensor.values[from]); });
    each(calotype::cudnn::Index(calotype::cudnn::padded_elements(s)) / calotype::cudnn::kLanes,
         calotype::cudnn::FromFloats<T>{floats.data(), at(memory, value), layout(s)});
  }
  Tensor take(std::uint8_t* memory, int value) {
    Tensor tensor(plan_.shapes[std::size_t(value)]);
    const auto& s = tensor.shape;
    std::vector<float> floats(tensor.values.size());
    each(calotype::cudnn::Index(calotype::cudnn::padded_elements(s)) / calotype::cudnn::kLanes,
         calotype::cudnn::ToFloats<T>{at(memory, value), floats.data(), layout(s)});
    for_each_place(s, [&](std::size_t from, std::size_t to) { tensor.values[to] = floats[from]; });
    // Steps that follow count on zeros there.
    const std::size_t row = std::size_t(calotype::cudnn::padded(s[1]));
    for (std::size_t i = 0; i < calotype::cudnn::padded_elements(s); ++i)
      if (i % row >= std::size_t(s[1]) && !(float(at(memory, value)[i]) == 0)) tensor.values[0] = NAN;
    return tensor;
  }

  /// cudnnConvolutionForward, or cudnnConvolutionBackwardData with the result as dx: filters are K, R, S, C, tensors
  /// N, H, W, C, and y(p) = sum over r of w(r) x(stride p - pad + dilation r).
  void library_convolution(const calotype::network::Step& step, const T* in, const T* weights, T* out) const {
    const bool backward = step.kind == calotype::network::Step::Kind::transposed_convolution;
    const auto& in_shape = plan_.shapes[std::size_t(step.in[0])];
    const auto& out_shape = plan_.shapes[std::size_t(step.out)];
    const auto& xs = backward ? out_shape : in_shape;
    const auto& ys = backward ? in_shape : out_shape;
    const int xc = calotype::cudnn::padded(xs[1]), yc = calotype::cudnn::padded(ys[1]);
    const auto place = [](const calotype::network::Shape& s, int row, int n, int h, int w) {
      return std::size_t((n * s[2] + h) * s[3] + w) * std::size_t(row);
    };
    const int row = backward ? xc : yc;
    std::vector<double> sums(std::size_t(out_shape[0] * out_shape[2] * out_shape[3]) * std::size_t(row), 0.);
    for (int n = 0; n < xs[0]; ++n)
      for (int p = 0; p < ys[2]; ++p)
        for (int q = 0; q < ys[3]; ++q)
          for (int r = 0; r < step.kernel[0]; ++r)
            for (int s = 0; s < step.kernel[1]; ++s) {
              const int h = p * step.stride[0] - step.pad[0] + r * step.dilation[0];
              const int w = q * step.stride[1] - step.pad[1] + s * step.dilation[1];
              if (h < 0 || h >= xs[2] || w < 0 || w >= xs[3]) continue;
              const std::size_t x = place(xs, xc, n, h, w), y = place(ys, yc, n, p, q);
              for (int k = 0; k < yc; ++k)
                for (int c = 0; c < xc; ++c) {
                  const float weight =
                      float(weights[std::size_t((k * step.kernel[0] + r) * step.kernel[1] + s) * std::size_t(xc) +
                                    std::size_t(c)]);
                  if (backward)
                    sums[x + std::size_t(c)] += double(float(in[y + std::size_t(k)])) * weight;
                  else
                    sums[y + std::size_t(k)] += double(float(in[x + std::size_t(c)])) * weight;
                }
            }
    for (std::size_t i = 0; i < sums.size(); ++i) out[i] = static_cast<T>(float(sums[i]));
  }

  calotype::network::Program program_;
  calotype::cudnn::Constants constants_;
  calotype::cudnn::Plan plan_;
  bool library_;
};
