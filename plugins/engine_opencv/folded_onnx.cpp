// SPDX-License-Identifier: Apache-2.0
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
#include "folded_onnx.hpp"

#include <algorithm>
#include <cfloat>
#include <climits>
#include <numeric>
#include <set>

#include "calotype/error.hpp"

namespace calotype {
namespace {

using network::Graph;
using network::Node;
using Numbers = std::vector<float>;
using Integers = std::vector<std::int64_t>;

// Of TensorProto.data_type and AttributeProto.type.
constexpr int kFloat = 1, kInt64 = 7;
constexpr int kFloatAttribute = 1, kIntAttribute = 2, kStringAttribute = 3, kIntsAttribute = 7;

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}
std::string field(int number, std::int64_t value) {
  return varint(static_cast<std::uint64_t>(number) << 3) + varint(static_cast<std::uint64_t>(value));
}
std::string field(int number, const std::string& payload) {
  return varint(static_cast<std::uint64_t>(number) << 3 | 2) + varint(payload.size()) + payload;
}
template <class T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::string attribute(const std::string& name, float value) {
  return field(1, name) + varint(2 << 3 | 5) + raw(Numbers{value}) + field(20, kFloatAttribute);
}
std::string attribute(const std::string& name, std::int64_t value) {
  return field(1, name) + field(3, value) + field(20, kIntAttribute);
}
std::string attribute(const std::string& name, const std::string& value) {
  return field(1, name) + field(4, value) + field(20, kStringAttribute);
}
std::string attribute(const std::string& name, const Integers& values) {
  std::string bytes = field(1, name);
  for (const std::int64_t value : values) bytes += field(8, value);
  return bytes + field(20, kIntsAttribute);
}

Integers integers(const Numbers& numbers) {
  Integers all;
  for (const float number : numbers) all.push_back(network::whole(number));
  return all;
}

class Writer {
 public:
  explicit Writer(const Graph& graph) {
    for (const std::string& name : graph.inputs) {
      const auto dims = graph.dims.find(name);
      fields_ += field(11, value_info(name, dims == graph.dims.end() ? network::Dims(4, -1) : dims->second));
    }
    for (const std::string& name : graph.outputs) fields_ += field(12, value_info(name, network::Dims(4, -1)));
    std::set<std::string> read;
    for (const Node& node : graph.nodes) read.insert(node.inputs.begin(), node.inputs.end());
    for (const auto& [name, value] : graph.constants)
      if (read.count(name)) tensor(name, {value.dims.begin(), value.dims.end()}, kFloat, raw(value.floats()));
    for (const Node& node : graph.nodes) write(node);
  }

  Bytes file() const {
    constexpr int ir_version = 7, opset = 13;
    const std::string model = field(1, ir_version) + field(7, fields_) + field(8, field(1, "") + field(2, opset));
    return Bytes(model.begin(), model.end());
  }

 private:
  static std::string value_info(const std::string& name, const network::Dims& dims) {
    std::string shape;
    for (const std::int64_t dim : dims) shape += field(1, dim < 0 ? field(2, "side") : field(1, dim));
    return field(1, name) + field(2, field(1, field(1, kFloat) + field(2, shape)));
  }
  void tensor(const std::string& name, const Integers& dims, int type, const std::string& values) {
    std::string bytes;
    for (const std::int64_t dim : dims) bytes += field(1, dim);
    fields_ += field(5, bytes + field(2, type) + field(8, name) + field(9, values));
  }
  /// Return the names of constants.
  std::string constant(const Numbers& values, const Integers& dims) {
    tensor("/constant" + std::to_string(++constants_), dims, kFloat, raw(values));
    return "/constant" + std::to_string(constants_);
  }
  std::string constant(const Integers& values) {
    tensor("/constant" + std::to_string(++constants_), {std::int64_t(values.size())}, kInt64, raw(values));
    return "/constant" + std::to_string(constants_);
  }
  void node(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
            const std::vector<std::string>& outputs, const std::string& attributes = {}) {
    std::string bytes;
    for (const std::string& input : inputs) bytes += field(1, input);
    for (const std::string& output : outputs) bytes += field(2, output);
    fields_ += field(1, bytes + field(3, name) + field(4, op) + attributes);
  }

  /// Of what fold() put into attributes, constants again; but for limits, pads and slices, which OpenCV 4.6 reads there
  /// alone.
  void write(const Node& n) {
    const auto numbers = [&](const char* key) { return n.numbers.count(key) ? n.numbers.at(key) : Numbers(); };
    if (n.op == "Clip") {
      const auto bound = [&](const char* key) {  // OpenCV knows no infinite ones
        return field(5, attribute(key, std::clamp(numbers(key).at(0), -FLT_MAX, FLT_MAX)));
      };
      return node("Clip", n.name, {n.inputs[0]}, n.outputs, bound("min") + bound("max"));
    }
    if (n.op == "Pad")
      return node("Pad", n.name, {n.inputs[0]}, n.outputs,
                  texts(n) + field(5, attribute("pads", integers(numbers("pads")))) +
                      field(5, attribute("value", numbers("value").at(0))));
    if (n.op == "Slice") return slice(n);
    if (n.op == "Resize" && numbers("scales").size() == 2) {
      const Numbers s = numbers("scales");
      return node("Resize", n.name, {n.inputs[0], "", constant(Numbers{1, 1, s[0], s[1]}, {4})}, n.outputs, texts(n));
    }
    if (n.op == "ChannelAffine") {
      const Numbers factor = numbers("factor"), none(factor.size(), 0), one(factor.size(), 1);
      const auto channels = [&](const Numbers& values) { return constant(values, {std::int64_t(values.size())}); };
      return node("BatchNormalization", n.name,
                  {n.inputs[0], channels(factor), channels(numbers("offset")), channels(none), channels(one)},
                  n.outputs, field(5, attribute("epsilon", 0.f)));
    }
    if (n.op == "Pow" && n.numbers.count("exponent"))
      return node("Pow", n.name, {n.inputs[0], constant(numbers("exponent"), {})}, n.outputs);
    if (n.op == "Rearrange") return rearrange(n);
    node(n.op, n.name, n.inputs, n.outputs, attributes(n));
  }
  static std::string texts(const Node& n) {
    std::string all;
    for (const auto& [key, value] : n.strings) all += field(5, attribute(key, value));
    return all;
  }
  static std::string attributes(const Node& n) {
    static const std::set<std::string>* const lists = new std::set<std::string>{
        "pads", "strides", "dilations", "kernel_shape", "output_padding", "output_shape", "axes"};
    static const std::set<std::string>* const fractions =
        new std::set<std::string>{"alpha", "beta", "gamma", "bias", "epsilon"};
    std::string all = texts(n);
    for (const auto& [key, values] : n.numbers) {
      if (key == "repeated" || values.empty()) continue;  // what ours need to know
      all += field(5, lists->count(key)       ? attribute(key, integers(values))
                      : fractions->count(key) ? attribute(key, values[0])
                                              : attribute(key, std::int64_t(network::whole(values[0]))));
    }
    return all;
  }

  void slice(const Node& n) {
    const Integers first = integers(n.numbers.at("first")), step = integers(n.numbers.at("step")),
                   count = integers(n.numbers.at("count"));
    Integers starts, ends, axes, steps;
    for (std::size_t d = 0; d < count.size(); ++d) {
      if (count[d] == 0) continue;  // all
      const std::int64_t end = first[d] + step[d] * count[d];
      starts.push_back(first[d]);
      ends.push_back(end < 0 ? -INT_MAX : end);
      axes.push_back(std::int64_t(d));
      steps.push_back(step[d]);
    }
    node("Slice", n.name, {n.inputs[0], constant(starts), constant(ends), constant(axes), constant(steps)}, n.outputs);
  }

  /// Elements in another order, as a transposition between two changes of shape.
  void rearrange(const Node& n) {
    const Integers dims = integers(n.numbers.at("dims")), strides = integers(n.numbers.at("strides"));
    std::vector<std::size_t> order(dims.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    order.erase(std::remove_if(order.begin(), order.end(), [&](std::size_t d) { return dims[d] == 1; }), order.end());
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return strides[a] > strides[b]; });
    Integers before, turned(dims.size(), -1);
    std::int64_t stride = 1;
    for (auto d = order.rbegin(); d != order.rend(); stride *= dims[*d++])
      if (strides[*d] != stride)
        throw Error(ErrorCode::unsupported,
                    "cannot write operator " + n.op + " of node \"" + n.name + "\" for another reader",
                    "choose another engine");
    for (std::size_t i = 0; i < order.size(); ++i) {
      before.push_back(dims[order[i]]);
      turned[order[i]] = std::int64_t(i);
    }
    turned.erase(std::remove(turned.begin(), turned.end(), -1), turned.end());
    const std::string &from = n.inputs[0], &to = n.outputs[0];
    node("Reshape", n.name + "/before", {from, constant(before)}, {to + "/before"});
    node("Transpose", n.name, {to + "/before"}, {to + "/turned"}, field(5, attribute("perm", turned)));
    node("Reshape", n.name + "/after", {to + "/turned", constant(integers(n.numbers.at("shape")))}, {to});
  }

  std::string fields_;
  int constants_ = 0;
};

}  // namespace

Bytes folded_onnx(const Graph& graph) { return Writer(graph).file(); }

}  // namespace calotype
