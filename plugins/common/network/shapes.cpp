// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "calotype/error.hpp"
#include "program.hpp"

namespace calotype::network {
namespace {

/// A shape on its way: products of sides and attributes may be larger than int.
using Sides = std::array<std::int64_t, 4>;

[[noreturn]] void fail(const Step& step, const std::string& why) {
  throw Error(ErrorCode::engine, "node \"" + step.name + "\" (" + step.op + "): " + why,
              "check the shapes of the network's inputs");
}

template <class Numbers>
std::string text(const Numbers& sides) {
  std::string out;
  for (const auto side : sides) out += (out.empty() ? "" : "x") + std::to_string(side);
  return out;
}

/// Sides are positive.
Shape bounded(const std::string& what, const Sides& sides) {
  Shape shape{};
  std::int64_t count = 1;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    if (sides[i] > kMostSide || (count *= sides[i]) > kMostElements)
      throw Error(ErrorCode::limit, what + " would be too large, " + text(sides), "use a smaller picture or tiles");
    shape[i] = static_cast<int>(sides[i]);
  }
  return shape;
}

Sides convolved(const Step& step, const Sides& in) {
  const bool transposed = step.kind == Step::Kind::transposed_convolution;
  const int inputs = transposed ? step.weights.dims[0] : step.weights.dims[1] * step.group;
  if (in[1] != inputs) fail(step, "expects " + std::to_string(inputs) + " channels, got " + std::to_string(in[1]));
  Sides out{in[0], step.outputs, 0, 0};
  for (std::size_t i = 0; i < 2; ++i) {
    const int extent = step.dilation[i] * (step.kernel[i] - 1) + 1, pad = step.pad[i] + step.pad[i + 2];
    out[2 + i] = transposed ? (in[2 + i] - 1) * step.stride[i] - pad + extent + step.output_padding[i]
                            : (in[2 + i] + pad - extent + step.stride[i]) / step.stride[i];
  }
  return out;
}

Sides pooled(const Step& step, const Sides& in) {
  Sides out{in[0], in[1], 1, 1};
  for (std::size_t i = 0; i < 2 && !step.whole; ++i) {
    const std::int64_t room =
        in[2 + i] + step.pad[i] + step.pad[i + 2] - std::int64_t(step.dilation[i]) * (step.kernel[i] - 1) - 1;
    const std::int64_t up = step.rounds_up ? step.stride[i] - 1 : 0;
    out[2 + i] = room + up < 0 ? 0 : (room + up) / step.stride[i] + 1;
    // A window that would begin in the padding behind the picture is left out.
    if (up && (out[2 + i] - 1) * step.stride[i] >= in[2 + i] + step.pad[i]) --out[2 + i];
  }
  return out;
}

/// Every place that is read lies inside.
Sides rearranged(const Step& step, const Sides& in) {
  std::int64_t last = 0, count = 1, named = 1;
  for (std::size_t d = 0; d < step.dims.size(); ++d) {
    if (step.dims[d] < 1 || step.dims[d] > kMostSide || step.strides[d] < 0 || step.strides[d] > kMostElements ||
        count > kMostElements || last > kMostElements)
      fail(step, "is for another input");
    count *= step.dims[d];
    last += (step.dims[d] - 1) * step.strides[d];
  }
  for (const int side : step.shape) named *= std::max(side, 1) > kMostSide ? 0 : side;
  if (count != named || last >= in[0] * in[1] * in[2] * in[3]) fail(step, "is for another input");
  return {step.shape[0], step.shape[1], step.shape[2], step.shape[3]};
}

Sides made(const Step& step, const std::vector<Shape>& known) {
  const auto in = [&](std::size_t i) {
    const Shape& s = known[static_cast<std::size_t>(step.in[i])];
    return Sides{s[0], s[1], s[2], s[3]};
  };
  Sides out = in(0);
  const std::int64_t block = step.block;
  switch (step.kind) {
    case Step::Kind::convolution:
    case Step::Kind::transposed_convolution:
      return convolved(step, out);
    case Step::Kind::pointwise:
      return out;
    case Step::Kind::softmax:
      return out;
    case Step::Kind::response_normalisation:
      return out;
    case Step::Kind::instance_normalisation:
      if (std::int64_t(step.numbers.size()) != 1 + 2 * out[1])
        fail(step, "has constants for another number of channels than " + std::to_string(out[1]));
      return out;
    case Step::Kind::pooling:
      return pooled(step, out);
    case Step::Kind::resize:
      for (std::size_t d = 0; d < 2; ++d)
        out[2 + d] = step.resize.size[d] ? step.resize.size[d]
                                         : std::int64_t(std::floor(double(out[2 + d]) * double(step.resize.scale[d])));
      return out;
    case Step::Kind::padding:
      for (std::size_t d = 0; d < 4; ++d) {
        if (step.border == Step::Border::reflect && std::max(step.around[d], step.around[4 + d]) >= out[d] &&
            out[d] > 1)
          fail(step, "mirrors more than there is");
        out[d] += step.around[d] + step.around[4 + d];
      }
      return out;
    case Step::Kind::slice:
      for (std::size_t d = 0; d < 4; ++d) {
        if (!step.count[d]) continue;
        const std::int64_t last = step.first[d] + std::int64_t(step.count[d] - 1) * step.step[d];
        if (step.first[d] < 0 || step.first[d] >= out[d] || last < 0 || last >= out[d])
          fail(step, "takes more than there is");
        out[d] = step.count[d];
      }
      return out;
    case Step::Kind::rearrange:
      return rearranged(step, out);
    case Step::Kind::concatenate: {
      const std::size_t axis = std::size_t(step.axis);
      for (std::size_t i = 1; i < step.in.size(); ++i) {
        Sides other = in(i);
        out[axis] += other[axis];
        other[axis] = in(0)[axis];
        if (other != in(0)) fail(step, "joins " + text(in(0)) + " with " + text(in(i)));
      }
      return out;
    }
    case Step::Kind::depth_to_space:
      if (out[1] % (block * block)) fail(step, "the channels do not make whole blocks");
      return {out[0], out[1] / (block * block), out[2] * block, out[3] * block};
    case Step::Kind::space_to_depth:
      if (out[2] % block || out[3] % block) fail(step, "the sides do not make whole blocks");
      return {out[0], out[1] * block * block, out[2] / block, out[3] / block};
  }
  return out;
}

/// `repeated`: sides of 1 may stand for any.
bool fits(const Shape& operand, const Shape& result, bool repeated) {
  for (std::size_t d = 0; d < 4; ++d)
    if (operand[d] != result[d] && !(repeated && operand[d] == 1)) return false;
  return true;
}

/// Whether it has numbers for so many channels.
bool is_for(const PostOp& post, int channels) {
  const std::size_t count = post.numbers.size(), each = static_cast<std::size_t>(channels);
  if (post.kind == PostOp::Kind::per_channel) return count == 2 * each;
  return post.kind != PostOp::Kind::leaky_relu || count == 1 || count == each;
}

}  // namespace

std::vector<Shape> Program::shapes(const std::vector<Shape>& given) const {
  std::vector<Shape> all(static_cast<std::size_t>(values), Shape{0, 0, 0, 0});
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Shape& s = given[i];
    all[static_cast<std::size_t>(inputs[i].second)] =
        bounded("input \"" + inputs[i].first + "\"", {s[0], s[1], s[2], s[3]});
  }
  for (const Step& step : steps) {
    const Sides sides = made(step, all);
    for (const std::int64_t side : sides)
      if (side < 1) fail(step, "the input is too small");
    const Shape out = bounded("the result of node \"" + step.name + "\"", sides);
    for (const PostOp& post : step.post) {
      if (post.operand >= 0 && !fits(all[static_cast<std::size_t>(post.operand)], out, post.repeated))
        fail(step, "combines " + text(out) + " with " + text(all[static_cast<std::size_t>(post.operand)]));
      if (!is_for(post, out[1]))
        fail(step, "has constants for another number of channels than " + std::to_string(out[1]));
    }
    all[static_cast<std::size_t>(step.out)] = out;
  }
  return all;
}

}  // namespace calotype::network
