// SPDX-License-Identifier: Apache-2.0
// The engine's device on the processor: its kernels in a loop, and what cuDNN's documentation says that cuDNN does.
#pragma once
#include <stdexcept>

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
    Memory memory(plan_.total, 0xFF), constants(constants_.bytes), tables(plan_.table_bytes);
    for (std::size_t i = 0; i < inputs.size(); ++i) put(inputs[i], memory.data(), program_.inputs[i].second);
    const cudnn::Run<T, HostRun> run{program_,      constants_,    plan_, constants.data(),
                                     tables.data(), memory.data(), *this};
    for (std::size_t i = 0; i < program_.steps.size(); ++i) {
      cudnn::run_step(run, i);
      check_padding(memory.data(), program_.steps[i]);
    }
    std::vector<Tensor> outputs;
    for (const auto& output : program_.outputs) outputs.push_back(take(memory.data(), output.second));
    return outputs;
  }

  // What Run asks of a device.
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
    explicit Memory(const std::vector<std::uint8_t>& bytes) : Memory(bytes.size(), 0) {
      std::copy(bytes.begin(), bytes.end(), data());
    }
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
    return tensor;
  }

  /// Steps that follow count on zeros there.
  void check_padding(std::uint8_t* memory, const calotype::network::Step& step) const {
    const auto& s = plan_.shapes[std::size_t(step.out)];
    const std::size_t row = std::size_t(calotype::cudnn::padded(s[1]));
    for (std::size_t i = 0; i < calotype::cudnn::padded_elements(s); ++i)
      if (i % row >= std::size_t(s[1]) && !(float(at(memory, step.out)[i]) == 0))
        throw std::logic_error("something is in the channels that pad the result of " + step.op);
  }

  /// cudnnConvolutionForward, or cudnnConvolutionBackwardData with the result as dx: filters are K, R, S, C / groups,
  /// tensors N, H, W, C, and y(p) = sum over r of w(r) x(stride p - pad + dilation r).
  void library_convolution(const calotype::network::Step& step, const T* in, const T* weights, T* out) const {
    const bool backward = step.kind == calotype::network::Step::Kind::transposed_convolution;
    const auto input = calotype::cudnn::library_input(step, plan_.shapes[std::size_t(step.in[0])]);
    const auto& out_shape = plan_.shapes[std::size_t(step.out)];
    const auto& xs = backward ? out_shape : input.shape;
    const auto& ys = backward ? input.shape : out_shape;
    const int xc = calotype::cudnn::padded(xs[1]), yc = calotype::cudnn::padded(ys[1]);
    const int group_x = xc / step.group, group_y = yc / step.group;
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
              const int h = p * step.stride[0] - input.pad[0] + r * step.dilation[0];
              const int w = q * step.stride[1] - input.pad[1] + s * step.dilation[1];
              if (h < 0 || h >= xs[2] || w < 0 || w >= xs[3]) continue;
              const std::size_t x = place(xs, xc, n, h, w), y = place(ys, yc, n, p, q);
              for (int k = 0; k < yc; ++k)
                for (int c = 0; c < group_x; ++c) {
                  const float weight =
                      float(weights[std::size_t((k * step.kernel[0] + r) * step.kernel[1] + s) * std::size_t(group_x) +
                                    std::size_t(c)]);
                  const std::size_t at_x = x + std::size_t(k / group_y * group_x + c), at_y = y + std::size_t(k);
                  if (backward)
                    sums[at_x] += double(float(in[at_y])) * weight;
                  else
                    sums[at_y] += double(float(in[at_x])) * weight;
                }
            }
    for (std::size_t i = 0; i < sums.size(); ++i) out[i] = static_cast<T>(float(sums[i]));
  }

  calotype::network::Program program_;
  calotype::cudnn::Constants constants_;
  calotype::cudnn::Plan plan_;
  bool library_;
};
