// SPDX-License-Identifier: Apache-2.0
// https://onnx.ai/onnx/operators
#include "infer.hpp"

#include <algorithm>
#include <cmath>

#include "calotype/error.hpp"
#include "evaluate.hpp"
#include "program.hpp"

namespace calotype::network {
namespace {

using Constants = std::vector<const Constant*>;

/// -1 where a side is not known. Throws limit where those that are known are too much.
std::int64_t product(const Dims& dims) {
  std::int64_t all = 1;
  bool known = true;
  for (const std::int64_t side : dims) {
    if (side < 0)
      known = false;
    else if ((all *= side) > kMostElements)
      throw Error(ErrorCode::limit, "a tensor of the network would be too large",
                  "export the model for smaller inputs");
  }
  return known ? all : -1;
}

std::vector<int> numbers(const Node& node, const char* name, std::size_t count, int otherwise) {
  const auto found = node.numbers.find(name);
  if (found == node.numbers.end() || found->second.empty()) return std::vector<int>(count, otherwise);
  if (found->second.size() != count)
    fail_node(node, std::string("attribute ") + name + " has " + std::to_string(found->second.size()) + " numbers");
  std::vector<int> values;
  for (const float value : found->second) {
    if (!(value >= 0) || value > 1 << 20) fail_node(node, std::string("attribute ") + name + " makes no sense");
    values.push_back(static_cast<int>(value));
  }
  return values;
}

Dims broadcast(const Node& node, const Dims& a, const Dims& b) {
  Dims out(std::max(a.size(), b.size()), 1);
  const auto side = [&](const Dims& dims, std::size_t i) {
    const std::size_t missing = out.size() - dims.size();
    return i < missing ? 1 : dims[i - missing];
  };
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int64_t x = side(a, i), y = side(b, i);
    if (x > 1 && y > 1 && x != y) fail_node(node, "operands of different shapes");
    out[i] = x == 1 ? y : y == 1 ? x : std::max(x, y);  // an unknown side is as long as the other one, or 1
  }
  return out;
}

/// Of the sides that a kernel slides over.
std::optional<Dims> slid(const Node& node, const Dims& in, const std::vector<int>& kernel, std::int64_t channels) {
  const std::size_t sides = kernel.size();
  if (in.size() != sides + 2) fail_node(node, "a kernel of another rank than its input");
  const auto stride = numbers(node, "strides", sides, 1), dilation = numbers(node, "dilations", sides, 1);
  const auto pad = padding(node, in, kernel);
  const bool up = node.number("ceil_mode", 0) != 0;
  Dims out = {in[0], channels};
  for (std::size_t d = 0; d < sides; ++d) {
    if (in[2 + d] < 0 || !pad) {
      out.push_back(-1);
      continue;
    }
    if (stride[d] < 1 || dilation[d] < 1 || kernel[d] < 1) fail_node(node, "its attributes make no sense");
    const std::int64_t room =
        in[2 + d] + (*pad)[d] + (*pad)[d + sides] - std::int64_t(dilation[d]) * (kernel[d] - 1) - 1;
    const std::int64_t more = up ? stride[d] - 1 : 0;
    if (room + more < 0) fail_node(node, "the input is too small");
    std::int64_t count = (room + more) / stride[d] + 1;
    // A window that would begin in the padding behind the input is left out.
    if (up && (count - 1) * stride[d] >= in[2 + d] + (*pad)[d]) --count;
    out.push_back(count);
  }
  return out;
}

Dims transposed_convolution(const Node& node, const Dims& in, const Dims& weights) {
  const std::vector<int> kernel(weights.begin() + 2, weights.end());
  const std::size_t sides = kernel.size();
  const auto stride = numbers(node, "strides", sides, 1), dilation = numbers(node, "dilations", sides, 1),
             extra = numbers(node, "output_padding", sides, 0), pad = numbers(node, "pads", 2 * sides, 0);
  Dims out = {in[0], weights[1] * node.number("group", 1)};
  for (std::size_t d = 0; d < sides; ++d)
    out.push_back(in[2 + d] < 0 ? -1
                                : (in[2 + d] - 1) * stride[d] - pad[d] - pad[d + sides] +
                                      std::int64_t(dilation[d]) * (kernel[d] - 1) + 1 + extra[d]);
  return out;
}

std::optional<Dims> resized(const Node& node, const Dims& in, const Constants& constants) {
  // Upsample and opset 10: scales; from opset 11 on roi, scales, sizes.
  const std::size_t scales = node.op == "Upsample" || constants.size() == 2 ? 1 : 2;
  Dims out;
  if (constants.size() > 3 && constants[3] && !constants[3]->dims.empty() && constants[3]->dims[0] > 0) {
    for (const float side : constants[3]->floats()) out.push_back(std::int64_t(side));
  } else {
    std::vector<float> factors;
    if (const auto attribute = node.numbers.find("scales"); attribute != node.numbers.end())
      factors = attribute->second;
    else if (scales < constants.size() && constants[scales])
      factors = constants[scales]->floats();
    else
      return {};
    if (factors.size() != in.size()) fail_node(node, "scales of another rank than its input");
    for (std::size_t d = 0; d < in.size(); ++d) {
      if (!(factors[d] > 0) || factors[d] > 1024) fail_node(node, "a scale that makes no sense");
      out.push_back(in[d] < 0 ? (factors[d] == 1 ? in[d] : -1) : std::int64_t(std::floor(double(in[d]) * factors[d])));
    }
  }
  return out.size() == in.size() ? std::optional<Dims>(out) : std::nullopt;
}

Dims reduced(const Node& node, const Dims& in, const Constants& constants) {
  std::vector<bool> goes(in.size(), false);
  const auto axes = list(node, "axes", constants, 1);
  if (!axes || axes->empty()) goes.assign(in.size(), node.number("noop_with_empty_axes", 0) == 0);
  for (const std::int64_t axis : axes.value_or(std::vector<std::int64_t>()))
    goes[axis_of(node, axis, in.size())] = true;
  Dims out;
  for (std::size_t d = 0; d < in.size(); ++d)
    if (!goes[d] || node.number("keepdims", 1) != 0) out.push_back(goes[d] ? 1 : in[d]);
  return out;
}

std::optional<Dims> padded(const Node& node, Dims dims, const Constants& constants) {
  const auto pads = list(node, "pads", constants, 1);
  if (!pads) return {};
  const auto axes = list(node, "axes", constants, 3);
  const std::size_t count = axes ? axes->size() : dims.size();
  if (pads->size() != 2 * count) fail_node(node, "pads of another rank than its input");
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t d = axes ? axis_of(node, (*axes)[i], dims.size()) : i;
    if (dims[d] >= 0) dims[d] = std::max<std::int64_t>(0, dims[d] + (*pads)[i] + (*pads)[i + count]);
  }
  return dims;
}

std::optional<Dims> sliced(const Node& node, Dims dims, const Constants& constants) {
  const auto starts = list(node, "starts", constants, 1), ends = list(node, "ends", constants, 2),
             axes = list(node, "axes", constants, 3), steps = list(node, "steps", constants, 4);
  if (!starts || !ends || starts->size() != ends->size()) return {};
  for (std::size_t i = 0; i < starts->size(); ++i) {
    if ((axes && i >= axes->size()) || (steps && i >= steps->size())) fail_node(node, "lists of different lengths");
    const std::size_t d = axis_of(node, axes ? (*axes)[i] : std::int64_t(i), dims.size());
    if (dims[d] >= 0) dims[d] = range((*starts)[i], (*ends)[i], steps ? (*steps)[i] : 1, dims[d]).count;
  }
  return dims;
}

std::vector<std::optional<Dims>> split(const Node& node, const Dims& in, const Constants& constants) {
  const std::size_t axis = axis_of(node, node.number("axis", 0), in.size()), parts = node.outputs.size();
  const auto sizes = list(node, "split", constants, 1);
  if (sizes && sizes->size() != parts) fail_node(node, "parts that are not as many as its outputs");
  std::vector<std::optional<Dims>> out;
  const std::int64_t each = in[axis] < 0 ? -1 : (in[axis] + std::int64_t(parts) - 1) / std::int64_t(parts);
  for (std::size_t i = 0; i < parts; ++i) {
    Dims dims = in;
    dims[axis] = sizes      ? (*sizes)[i]
                 : each < 0 ? -1
                            : std::min(each, in[axis] - std::int64_t(i) * each);  // the last may be smaller
    out.push_back(dims);
  }
  return out;
}

Dims multiplied(const Node& node, Dims a, Dims b) {
  if (a.size() < 2 || b.size() < 2) fail_node(node, "operands that are no matrices");
  const std::int64_t rows = a[a.size() - 2], columns = b.back(), inner = a.back(), other = b[b.size() - 2];
  if (inner >= 0 && other >= 0 && inner != other) fail_node(node, "matrices that do not fit");
  a.resize(a.size() - 2);
  b.resize(b.size() - 2);
  Dims out = broadcast(node, a, b);
  out.push_back(rows);
  out.push_back(columns);
  return out;
}

std::optional<Dims> one(const Node& node, const std::vector<std::optional<Dims>>& in, const Constants& constants) {
  const std::string& op = node.op;
  const auto is = [&](std::initializer_list<const char*> names) {
    return std::any_of(names.begin(), names.end(), [&](const char* name) { return op == name; });
  };
  if (in.empty() || !in[0]) return {};
  const Dims& x = *in[0];
  const auto known = [&](std::size_t i) { return i < in.size() && in[i]; };
  if (is({"Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Equal", "Greater", "Less", "And", "Or", "Mod"})) {
    Dims out = x;
    for (std::size_t i = 1; i < in.size(); ++i) {
      if (!in[i]) return {};
      out = broadcast(node, out, *in[i]);
    }
    return out;
  }
  if (is({"Conv", "ConvTranspose"})) {
    if (!known(1)) return {};
    const Dims& weights = *in[1];
    if (weights.size() != x.size() || x.size() < 3) fail_node(node, "weights of another rank than its input");
    if (op == "ConvTranspose") return transposed_convolution(node, x, weights);
    return slid(node, x, std::vector<int>(weights.begin() + 2, weights.end()), weights[0]);
  }
  if (is({"AveragePool", "MaxPool", "LpPool"})) {
    if (x.size() < 3) fail_node(node, "an input of too few sides");
    return slid(node, x, numbers(node, "kernel_shape", x.size() - 2, 1), x[1]);
  }
  if (is({"GlobalAveragePool", "GlobalMaxPool"})) {
    Dims out(x.size(), 1);
    std::copy_n(x.begin(), std::min<std::size_t>(2, x.size()), out.begin());
    return out;
  }
  if (op.compare(0, 6, "Reduce") == 0) return reduced(node, x, constants);
  if (is({"Reshape", "Flatten", "Squeeze", "Unsqueeze"})) return reshaped(node, x, constants);
  if (op == "Transpose") {
    Dims out(x.rbegin(), x.rend());
    if (const auto order = node.numbers.find("perm"); order != node.numbers.end()) {
      if (order->second.size() != x.size()) fail_node(node, "an order of other axes");
      for (std::size_t i = 0; i < x.size(); ++i) out[i] = x[axis_of(node, std::int64_t(order->second[i]), x.size())];
    }
    return out;
  }
  if (op == "Concat") {
    Dims out = x;
    const std::size_t axis = axis_of(node, node.number("axis", 1), x.size());
    for (std::size_t i = 1; i < in.size(); ++i) {
      if (!in[i]) return {};
      if (in[i]->size() != x.size()) fail_node(node, "operands of different ranks");
      for (std::size_t d = 0; d < x.size(); ++d) {
        const std::int64_t side = (*in[i])[d];
        if (d == axis)
          out[d] = out[d] < 0 || side < 0 ? -1 : out[d] + side;
        else if (out[d] < 0)
          out[d] = side;
        else if (side >= 0 && side != out[d])
          fail_node(node, "operands of different shapes");
      }
    }
    return out;
  }
  if (op == "Gemm") {
    if (!known(1) || x.size() != 2 || in[1]->size() != 2) return {};
    return Dims{x[node.number("transA", 0) ? 1 : 0], (*in[1])[node.number("transB", 0) ? 0 : 1]};
  }
  if (op == "MatMul")
    return known(1) && x.size() > 1 && in[1]->size() > 1 ? std::optional<Dims>(multiplied(node, x, *in[1]))
                                                         : std::nullopt;
  if (op == "Pad") return padded(node, x, constants);
  if (op == "Slice") return sliced(node, x, constants);
  if (is({"Resize", "Upsample"})) return resized(node, x, constants);
  if (is({"DepthToSpace", "SpaceToDepth"})) {
    const std::int64_t block = node.number("blocksize", 0);
    if (x.size() != 4 || block < 1 || block > 1024) fail_node(node, "a block size that makes no sense");
    const bool up = op == "DepthToSpace";
    const auto times = [&](std::int64_t side, std::int64_t by) { return side < 0 ? -1 : side * by; };
    const auto part = [&](std::int64_t side, std::int64_t by) { return side < 0 ? -1 : side / by; };
    return up ? Dims{x[0], part(x[1], block * block), times(x[2], block), times(x[3], block)}
              : Dims{x[0], times(x[1], block * block), part(x[2], block), part(x[3], block)};
  }
  if (op == "Gather" && known(1)) {
    const std::size_t axis = axis_of(node, node.number("axis", 0), x.size());
    Dims out(x.begin(), x.begin() + std::ptrdiff_t(axis));
    out.insert(out.end(), in[1]->begin(), in[1]->end());
    out.insert(out.end(), x.begin() + std::ptrdiff_t(axis) + 1, x.end());
    return out;
  }
  if (op == "Expand") {
    const auto to = list(node, "shape", constants, 1);
    return to ? std::optional<Dims>(broadcast(node, x, *to)) : std::nullopt;
  }
  if (is({"Relu",
          "LeakyRelu",
          "PRelu",
          "Elu",
          "Selu",
          "Celu",
          "Clip",
          "Sigmoid",
          "HardSigmoid",
          "HardSwish",
          "Tanh",
          "Softplus",
          "Softsign",
          "Mish",
          "Erf",
          "Gelu",
          "Abs",
          "Neg",
          "Exp",
          "Log",
          "Sqrt",
          "Reciprocal",
          "Floor",
          "Ceil",
          "Round",
          "Identity",
          "Dropout",
          "Cast",
          "Softmax",
          "LogSoftmax",
          "BatchNormalization",
          "InstanceNormalization",
          "LayerNormalization",
          "LRN",
          "Not"}))
    return x;
  return {};
}

}  // namespace

std::optional<Dims> reshaped(const Node& node, const Dims& in, const Constants& constants) {
  const std::string& op = node.op;
  if (op == "Flatten") {
    const std::int64_t axis = node.number("axis", 1);
    const std::size_t at = axis == std::int64_t(in.size()) ? in.size() : axis_of(node, axis, in.size());
    const auto middle = in.begin() + std::ptrdiff_t(at);
    return Dims{product({in.begin(), middle}), product({middle, in.end()})};
  }
  if (op == "Squeeze" || op == "Unsqueeze") {
    const auto axes = list(node, "axes", constants, 1);
    const bool adds = op == "Unsqueeze";
    if (!axes && (adds || constants.size() > 1)) return {};
    const std::size_t rank = adds ? in.size() + axes->size() : in.size();
    std::vector<bool> chosen(rank, false);
    if (axes)
      for (const std::int64_t axis : *axes) chosen[axis_of(node, axis, rank)] = true;
    else
      for (std::size_t d = 0; d < rank; ++d) {
        if (in[d] < 0) return {};
        chosen[d] = in[d] == 1;
      }
    Dims out;
    std::size_t from = 0;
    for (std::size_t d = 0; d < rank; ++d) {
      if (chosen[d]) {
        if (adds) out.push_back(1);
        continue;
      }
      if (adds && from == in.size()) fail_node(node, "an axis named twice");
      out.push_back(in[adds ? from++ : d]);
    }
    return out;
  }
  const auto shape = list(node, "shape", constants, 1);
  if (!shape) return {};
  Dims out;
  std::ptrdiff_t open = -1;
  for (std::size_t d = 0; d < shape->size(); ++d) {
    std::int64_t side = (*shape)[d];
    if (side == 0 && node.number("allowzero", 0) == 0) {
      if (d >= in.size()) fail_node(node, "a shape that copies a side which is not there");
      side = in[d];
    } else if (side == -1) {
      if (open >= 0) fail_node(node, "a shape of two unknown sides");
      open = std::ptrdiff_t(d);
    } else if (side < 0) {
      fail_node(node, "a negative side");
    }
    out.push_back(side);
  }
  if (open < 0) return out;
  // What is left over, where it can be told: sides that are not known may cancel out.
  Dims given = in, named = out;
  named.erase(named.begin() + open);
  for (std::size_t d = 0; d < given.size();) {
    const auto same = given[d] < 0 && d < shape->size() && (*shape)[d] == 0
                          ? std::find(named.begin(), named.end(), std::int64_t(-1))
                          : named.end();
    if (same == named.end()) {
      ++d;
      continue;
    }
    named.erase(same);
    given[d++] = 1;
  }
  const std::int64_t all = product(given), rest = product(named);
  if (all >= 0 && rest > 0) {
    if (all % rest) fail_node(node, "a shape of another size");
    out[std::size_t(open)] = all / rest;
  }
  return out;
}

std::vector<std::optional<Dims>> infer(const Node& node, const std::vector<std::optional<Dims>>& in,
                                       const Constants& constants) {
  if (node.op == "Split" && !in.empty() && in[0]) return split(node, *in[0], constants);
  std::vector<std::optional<Dims>> out(node.outputs.size());
  if (!out.empty()) out[0] = one(node, in, constants);
  if (!out.empty() && out[0]) product(*out[0]);
  return out;
}

std::optional<std::vector<int>> padding(const Node& node, const Dims& in, const std::vector<int>& kernel) {
  const std::size_t sides = kernel.size();
  const auto mode = node.strings.find("auto_pad");
  if (mode == node.strings.end() || mode->second == "NOTSET") return numbers(node, "pads", 2 * sides, 0);
  std::vector<int> pad(2 * sides, 0);
  if (mode->second == "VALID") return pad;
  const auto stride = numbers(node, "strides", sides, 1), dilation = numbers(node, "dilations", sides, 1);
  for (std::size_t d = 0; d < sides; ++d) {
    const std::int64_t reach = std::int64_t(dilation[d]) * (kernel[d] - 1) + 1;
    if (stride[d] < 1) fail_node(node, "a stride that makes no sense");
    if (in[2 + d] < 0 && stride[d] != 1) return {};
    const std::int64_t last = in[2 + d] < 0 ? 0 : (in[2 + d] + stride[d] - 1) / stride[d] - 1;
    const std::int64_t all =
        in[2 + d] < 0 ? reach - 1 : std::max<std::int64_t>(0, last * stride[d] + reach - in[2 + d]);
    const bool lower = mode->second == "SAME_LOWER";
    pad[d] = int(lower ? all - all / 2 : all / 2);
    pad[d + sides] = int(all) - pad[d];
  }
  return pad;
}

}  // namespace calotype::network
