// SPDX-License-Identifier: Apache-2.0
#include "reference.hpp"

#include <cmath>
#include <random>

namespace {

using namespace calotype::network;

double post_operation(const PostOp& post, double x, int channel, int channels, double other) {
  const auto number = [&](int i) { return double(post.numbers[std::size_t(i)]); };
  switch (post.kind) {
    case PostOp::Kind::leaky_relu:
      return x < 0 ? x * number(post.numbers.size() > 1 ? channel : 0) : x;
    case PostOp::Kind::affine:
      return x * number(0) + number(1);
    case PostOp::Kind::per_channel:
      return x * number(channel) + number(channels + channel);
    case PostOp::Kind::abs:
      return std::abs(x);
    case PostOp::Kind::sigmoid:
      return 1 / (1 + std::exp(-x));
    case PostOp::Kind::add:
      return x + other;
    case PostOp::Kind::subtract:
      return x - other;
    case PostOp::Kind::subtract_from:
      return other - x;
    case PostOp::Kind::multiply:
      return x * other;
    case PostOp::Kind::divide:
      return x / other;
    case PostOp::Kind::divide_into:
      return other / x;
    default:  // the engine has no others
      return x;
  }
}

/// Each input is scattered (transposed) or each output gathered, tap by tap.
void convolve(const Step& step, const Tensor& in, Tensor& out) {
  const bool transposed = step.kind == Step::Kind::transposed_convolution;
  const Tensor& coarse = transposed ? in : out;  // the side that strides count
  const Tensor& fine = transposed ? out : in;
  const std::vector<float> weights = step.weights.floats();
  const int in_group = in.shape[1] / step.group, out_group = out.shape[1] / step.group;
  for (int n = 0; n < in.shape[0]; ++n)
    for (int o = 0; o < out.shape[1]; ++o)
      for (int y = 0; y < out.shape[2]; ++y)
        for (int x = 0; x < out.shape[3]; ++x) out.at(n, o, y, x) = step.bias[std::size_t(o)];
  for (int n = 0; n < in.shape[0]; ++n)
    for (int o = 0; o < out.shape[1]; ++o)
      for (int c = 0; c < in_group; ++c)
        for (int ky = 0; ky < step.kernel[0]; ++ky)
          for (int kx = 0; kx < step.kernel[1]; ++kx) {
            const int i = o / out_group * in_group + c;
            const int row = transposed ? i * out_group + o % out_group : o * in_group + c;
            const double weight = weights[std::size_t((row * step.kernel[0] + ky) * step.kernel[1] + kx)];
            for (int y = 0; y < coarse.shape[2]; ++y)
              for (int x = 0; x < coarse.shape[3]; ++x) {
                const int fy = y * step.stride[0] - step.pad[0] + ky * step.dilation[0];
                const int fx = x * step.stride[1] - step.pad[1] + kx * step.dilation[1];
                if (fy < 0 || fy >= fine.shape[2] || fx < 0 || fx >= fine.shape[3]) continue;
                const double v = transposed ? in.at(n, i, y, x) : in.at(n, i, fy, fx);
                (transposed ? out.at(n, o, fy, fx) : out.at(n, o, y, x)) += weight * (step.absolute ? std::abs(v) : v);
              }
          }
}

/// ONNX describes both by reshaping and transposing.
void shuffle(const Step& step, const Tensor& in, Tensor& out) {
  const bool to_space = step.kind == Step::Kind::depth_to_space;
  const Tensor& deep = to_space ? in : out;
  const Tensor& wide = to_space ? out : in;
  const int b = step.block, channels = wide.shape[1];
  for (int n = 0; n < in.shape[0]; ++n)
    for (int c = 0; c < channels; ++c)
      for (int i = 0; i < b; ++i)
        for (int j = 0; j < b; ++j)
          for (int y = 0; y < deep.shape[2]; ++y)
            for (int x = 0; x < deep.shape[3]; ++x) {
              const int d = step.columns_first ? (c * b + i) * b + j : (i * b + j) * channels + c;
              if (to_space)
                out.at(n, c, y * b + i, x * b + j) = in.at(n, d, y, x);
              else
                out.at(n, d, y, x) = in.at(n, c, y * b + i, x * b + j);
            }
}

}  // namespace

Tensor random_tensor(const Shape& shape, unsigned seed) {
  Tensor tensor(shape);
  std::mt19937 random(seed);
  for (double& v : tensor.values) v = double(random() % 2001) / 1000 - 1;
  return tensor;
}

std::vector<Tensor> run_reference(const Program& program, const std::vector<Tensor>& inputs) {
  std::vector<Shape> given;
  for (const Tensor& input : inputs) given.push_back(input.shape);
  const std::vector<Shape> shapes = program.shapes(given);
  std::vector<Tensor> values(shapes.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) values[std::size_t(program.inputs[i].second)] = inputs[i];
  for (const Step& step : program.steps) {
    const Tensor& in = values[std::size_t(step.in[0])];
    Tensor out(shapes[std::size_t(step.out)]);
    if (step.kind == Step::Kind::pointwise)
      out = in;
    else if (step.kind == Step::Kind::concatenate) {
      out.values.clear();
      for (int n = 0; n < out.shape[0]; ++n)
        for (const int operand : step.in) {
          const Tensor& from = values[std::size_t(operand)];
          const auto size = std::ptrdiff_t(from.values.size()) / out.shape[0];
          out.values.insert(out.values.end(), from.values.begin() + n * size, from.values.begin() + (n + 1) * size);
        }
    } else if (step.kind == Step::Kind::depth_to_space || step.kind == Step::Kind::space_to_depth)
      shuffle(step, in, out);
    else
      convolve(step, in, out);
    const std::size_t plane = std::size_t(out.shape[2]) * std::size_t(out.shape[3]);
    for (const PostOp& post : step.post)
      for (std::size_t i = 0; i < out.values.size(); ++i) {
        const int channel = int(i / plane) % out.shape[1];
        const double other = post.operand < 0 ? 0 : values[std::size_t(post.operand)].values[i];
        out.values[i] = post_operation(post, out.values[i], channel, out.shape[1], other);
      }
    values[std::size_t(step.out)] = std::move(out);
  }
  return values;
}
