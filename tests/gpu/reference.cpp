// SPDX-License-Identifier: Apache-2.0
#include "reference.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace {

using namespace calotype::network;

double post_operation(const PostOp& post, double x, int channel, int channels, double other, double& kept) {
  const auto number = [&](int i) { return double(post.numbers[std::size_t(i)]); };
  switch (post.kind) {
    case PostOp::Kind::leaky_relu:
      return x < 0 ? x * number(post.numbers.size() > 1 ? channel : 0) : x;
    case PostOp::Kind::affine:
      return x * number(0) + number(1);
    case PostOp::Kind::per_channel:
      return x * number(channel) + number(channels + channel);
    case PostOp::Kind::clamp:
      return std::min(std::max(x, number(0)), number(1));
    case PostOp::Kind::power:
      return std::pow(x, number(0));
    case PostOp::Kind::elu:
      return x < 0 ? number(0) * (std::exp(x) - 1) : x;
    case PostOp::Kind::abs:
      return std::abs(x);
    case PostOp::Kind::sigmoid:
      return 1 / (1 + std::exp(-x));
    case PostOp::Kind::tanh:
      return std::tanh(x);
    case PostOp::Kind::erf:
      return std::erf(x);
    case PostOp::Kind::exp:
      return std::exp(x);
    case PostOp::Kind::log:
      return std::log(x);
    case PostOp::Kind::sqrt:
      return std::sqrt(x);
    case PostOp::Kind::reciprocal:
      return 1 / x;
    case PostOp::Kind::softplus:
      return std::log(1 + std::exp(x));
    case PostOp::Kind::keep:
      return kept = x;
    case PostOp::Kind::times_kept:
      return x * kept;
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
      break;
  }
  return other / x;
}

/// Calls f(n, c, y, x) for every element.
template <class F>
void for_each(const Tensor& tensor, F f) {
  for (int n = 0; n < tensor.shape[0]; ++n)
    for (int c = 0; c < tensor.shape[1]; ++c)
      for (int y = 0; y < tensor.shape[2]; ++y)
        for (int x = 0; x < tensor.shape[3]; ++x) f(n, c, y, x);
}

void post_operations(const Step& step, const std::vector<Tensor>& values, Tensor& out) {
  for_each(out, [&](int n, int c, int y, int x) {
    double v = out.at(n, c, y, x), kept = NAN;
    for (const PostOp& post : step.post) {
      double other = 0;
      if (post.operand >= 0) {
        const Tensor& operand = values[std::size_t(post.operand)];
        const auto& s = operand.shape;
        other = operand.at(s[0] == 1 ? 0 : n, s[1] == 1 ? 0 : c, s[2] == 1 ? 0 : y, s[3] == 1 ? 0 : x);
      }
      v = post_operation(post, v, c, out.shape[1], other, kept);
    }
    out.at(n, c, y, x) = v;
  });
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

void pool(const Step& step, const Tensor& in, Tensor& out) {
  const int down = step.whole ? in.shape[2] : step.kernel[0], across = step.whole ? in.shape[3] : step.kernel[1];
  for_each(out, [&](int n, int c, int y, int x) {
    double sum = 0, most = -INFINITY;
    int inside = 0, with_padding = 0;
    for (int i = 0; i < down; ++i)
      for (int j = 0; j < across; ++j) {
        const int iy = y * step.stride[0] - step.pad[0] + i * step.dilation[0];
        const int ix = x * step.stride[1] - step.pad[1] + j * step.dilation[1];
        with_padding += iy < in.shape[2] + step.pad[2] && ix < in.shape[3] + step.pad[3];
        if (iy < 0 || iy >= in.shape[2] || ix < 0 || ix >= in.shape[3]) continue;
        ++inside;
        sum += in.at(n, c, iy, ix);
        most = std::max(most, in.at(n, c, iy, ix));
      }
    const int divisor = step.counts_padding ? with_padding : inside;
    out.at(n, c, y, x) = !step.average ? most : divisor ? sum / divisor : 0;
  });
}

void softmax(const Tensor& in, Tensor& out) {
  for_each(out, [&](int n, int c, int y, int x) {
    double most = -INFINITY, sum = 0;
    for (int k = 0; k < in.shape[1]; ++k) most = std::max(most, in.at(n, k, y, x));
    for (int k = 0; k < in.shape[1]; ++k) sum += std::exp(in.at(n, k, y, x) - most);
    out.at(n, c, y, x) = std::exp(in.at(n, c, y, x) - most) / sum;
  });
}

void normalise_instances(const Step& step, const Tensor& in, Tensor& out) {
  const int channels = in.shape[1], plane = in.shape[2] * in.shape[3];
  for (int i = 0; i < in.shape[0] * channels; ++i) {
    const double* from = &in.values[std::size_t(i) * std::size_t(plane)];
    double mean = 0, variance = 0;
    for (int k = 0; k < plane; ++k) mean += from[k] / plane;
    for (int k = 0; k < plane; ++k) variance += (from[k] - mean) * (from[k] - mean) / plane;
    const double factor = double(step.numbers[std::size_t(1 + i % channels)]);
    const double summand = double(step.numbers[std::size_t(1 + channels + i % channels)]);
    for (int k = 0; k < plane; ++k)
      out.values[std::size_t(i * plane + k)] =
          (from[k] - mean) / std::sqrt(variance + double(step.numbers[0])) * factor + summand;
  }
}

void normalise_responses(const Step& step, const Tensor& in, Tensor& out) {
  const double alpha = double(step.numbers[0]), beta = double(step.numbers[1]), bias = double(step.numbers[2]);
  const int size = int(step.numbers[3]);
  for_each(out, [&](int n, int c, int y, int x) {
    double sum = 0;
    for (int k = 0; k < in.shape[1]; ++k)
      if (k >= c - (size - 1) / 2 && k <= c + size / 2) sum += in.at(n, k, y, x) * in.at(n, k, y, x);
    out.at(n, c, y, x) = in.at(n, c, y, x) / std::pow(bias + alpha / size * sum, beta);
  });
}

void resize(const Step& step, const Tensor& in, Tensor& out) {
  const auto rows = samples(step.resize, 0, in.shape[2], out.shape[2]),
             columns = samples(step.resize, 1, in.shape[3], out.shape[3]);
  for_each(out, [&](int n, int c, int y, int x) {
    const Sample &row = rows[std::size_t(y)], &column = columns[std::size_t(x)];
    const double down = double(row.weight), across = double(column.weight);
    if (!step.resize.linear) return void(out.at(n, c, y, x) = in.at(n, c, row.low, column.low));
    out.at(n, c, y, x) = (1 - down) * (1 - across) * in.at(n, c, row.low, column.low) +
                         (1 - down) * across * in.at(n, c, row.low, column.high) +
                         down * (1 - across) * in.at(n, c, row.high, column.low) +
                         down * across * in.at(n, c, row.high, column.high);
  });
}

void pad(const Step& step, const Tensor& in, Tensor& out) {
  for_each(out, [&](int n, int c, int y, int x) {
    std::array<int, 4> at{n, c, y, x};
    bool outside = false;
    for (std::size_t d = 0; d < 4; ++d) {
      at[d] = padded_from(step.border, at[d] - step.around[d], in.shape[d]);
      outside = outside || at[d] < 0;
    }
    out.at(n, c, y, x) = outside ? double(step.numbers[0]) : in.at(at[0], at[1], at[2], at[3]);
  });
}

void slice(const Step& step, const Tensor& in, Tensor& out) {
  for_each(out, [&](int n, int c, int y, int x) {
    std::array<int, 4> at{n, c, y, x};
    for (std::size_t d = 0; d < 4; ++d)
      if (step.count[d]) at[d] = step.first[d] + at[d] * step.step[d];
    out.at(n, c, y, x) = in.at(at[0], at[1], at[2], at[3]);
  });
}

void rearrange(const Step& step, const Tensor& in, Tensor& out) {
  std::vector<int> at(step.dims.size(), 0);
  for (double& value : out.values) {
    std::int64_t from = 0;
    for (std::size_t d = 0; d < at.size(); ++d) from += at[d] * step.strides[d];
    value = in.values[std::size_t(from)];
    for (std::size_t d = at.size(); d-- > 0;) {
      if (++at[d] < step.dims[d]) break;
      at[d] = 0;
    }
  }
}

void concatenate(const Step& step, const std::vector<Tensor>& values, Tensor& out) {
  std::array<int, 4> before{};
  for (const int operand : step.in) {
    const Tensor& from = values[std::size_t(operand)];
    for_each(from, [&](int n, int c, int y, int x) {
      out.at(n, before[1] + c, before[2] + y, before[3] + x) = from.at(n, c, y, x);
    });
    before[std::size_t(step.axis)] += from.shape[std::size_t(step.axis)];
  }
}

Tensor result(const Step& step, const Shape& shape, const std::vector<Tensor>& values) {
  using Kind = Step::Kind;
  const Tensor& in = values[std::size_t(step.in[0])];
  Tensor out(shape);
  switch (step.kind) {
    case Kind::convolution:
    case Kind::transposed_convolution:
      convolve(step, in, out);
      break;
    case Kind::pointwise:
      out = in;
      break;
    case Kind::concatenate:
      concatenate(step, values, out);
      break;
    case Kind::depth_to_space:
    case Kind::space_to_depth:
      shuffle(step, in, out);
      break;
    case Kind::pooling:
      pool(step, in, out);
      break;
    case Kind::softmax:
      softmax(in, out);
      break;
    case Kind::instance_normalisation:
      normalise_instances(step, in, out);
      break;
    case Kind::response_normalisation:
      normalise_responses(step, in, out);
      break;
    case Kind::resize:
      resize(step, in, out);
      break;
    case Kind::padding:
      pad(step, in, out);
      break;
    case Kind::slice:
      slice(step, in, out);
      break;
    case Kind::rearrange:
      rearrange(step, in, out);
      break;
  }
  post_operations(step, values, out);
  return out;
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
  for (const Step& step : program.steps)
    values[std::size_t(step.out)] = result(step, shapes[std::size_t(step.out)], values);
  return values;
}
