// SPDX-License-Identifier: Apache-2.0
#include "fold.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "calotype/error.hpp"
#include "evaluate.hpp"
#include "infer.hpp"

namespace calotype::network {
namespace {

std::vector<float> as_numbers(const Dims& dims) { return {dims.begin(), dims.end()}; }

bool is_known(const Dims& dims) {
  return std::none_of(dims.begin(), dims.end(), [](std::int64_t side) { return side < 0; });
}

std::int64_t count_of(const Dims& dims) {
  return std::accumulate(dims.begin(), dims.end(), std::int64_t(1), std::multiplies<>());
}

/// Elements of a value in another order and shape: element i of `dims`, counted in their order, is at the sum of its
/// coordinates times `strides` in `source`, whose elements count in the order N,C,H,W. No step until it is needed.
struct Alias {
  std::string source;
  Dims dims;
  std::vector<std::int64_t> strides;

  bool in_order() const {
    std::int64_t step = 1;
    for (std::size_t d = dims.size(); d-- > 0; step *= dims[d])
      if (dims[d] != 1 && strides[d] != step) return false;
    return true;
  }
};

std::vector<std::int64_t> dense(const Dims& dims) {
  std::vector<std::int64_t> strides(dims.size(), 1);
  for (std::size_t d = dims.size(); d-- > 1;) strides[d - 1] = strides[d] * dims[d];
  return strides;
}

/// The same elements in four dimensions; nothing for three dimensions and for more than four.
std::optional<Dims> in_four(const Dims& dims) {
  if (dims.size() == 4) return dims;
  if (dims.size() == 2) return Dims{dims[0], dims[1], 1, 1};
  if (dims.size() == 1) return Dims{dims[0], 1, 1, 1};
  return {};
}

class Folder {
 public:
  Folder(Graph& graph, const std::map<std::string, Dims>& sizes) : graph_(graph) {
    dims_ = graph.dims = sizes;
    for (const Node& node : graph.nodes)
      for (const std::string& input : node.inputs) ++uses_[input];
    for (const std::string& output : graph.outputs) ++uses_[output];
  }

  bool run() {
    std::vector<Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    for (Node& node : nodes) add(std::move(node));
    for (const std::string& output : graph_.outputs) finish(output);
    return !waits_;
  }

 private:
  /// The value that goes by this name: some nodes only give another one.
  std::string root(std::string name) const {
    for (auto found = names_.find(name); found != names_.end(); found = names_.find(name)) name = found->second;
    return name;
  }
  const Constant* constant(const std::string& name) const {
    const auto found = graph_.constants.find(root(name));
    return found == graph_.constants.end() ? nullptr : &found->second;
  }
  std::vector<const Constant*> constants(const Node& node) const {
    std::vector<const Constant*> all;
    for (const std::string& input : node.inputs) all.push_back(constant(input));
    return all;
  }
  std::optional<Dims> dims_of(const std::string& name) const {
    if (const Constant* c = constant(name)) return Dims(c->dims.begin(), c->dims.end());
    const auto found = dims_.find(name);
    return found == dims_.end() ? std::nullopt : std::optional<Dims>(found->second);
  }
  void add(Node node) {
    if (node.outputs.empty()) return;
    if (node.inputs.empty()) return keep(std::move(node));
    if (node.op == "Identity" || node.op == "Dropout" || (node.op == "Cast" && !constant(node.inputs[0])))
      return rename(node);
    if (shape_of(node) || evaluated(node)) return;
    const auto known = constants(node);
    std::vector<std::optional<Dims>> in;
    for (const std::string& input : node.inputs) in.push_back(dims_of(input));
    const auto out = infer(node, in, known);
    for (std::size_t i = 0; i < out.size(); ++i)
      if (out[i]) dims_[node.outputs[i]] = *out[i];
    rewrite(std::move(node), in, known);
  }

  void rename(const Node& node) {
    const std::string& to = node.outputs[0];
    const std::string value = root(node.inputs[0]);
    uses_[value] += uses_[to] - 1;
    if (!dims_.count(to))
      if (const auto dims = dims_of(node.inputs[0])) dims_[to] = *dims;
    names_[to] = value;
  }

  /// Shape and Size, once the sides that somebody wants are known.
  bool shape_of(const Node& node) {
    if (node.op != "Shape" && node.op != "Size") return false;
    const auto dims = node.inputs.empty() ? std::nullopt : dims_of(node.inputs[0]);
    if (!dims || !is_known(*dims)) {
      waits_ = true;
      return false;
    }
    Constant value;
    value.whole = true;
    if (node.op == "Size") {
      value.values = {static_cast<float>(count_of(*dims))};
    } else {
      const Range taken = range(node.number("start", 0), node.number("end", 1 << 20), 1, std::int64_t(dims->size()));
      for (std::int64_t i = 0; i < taken.count; ++i)
        value.values.push_back(float((*dims)[std::size_t(taken.first + i)]));
      value.dims = {int(value.values.size())};
    }
    graph_.constants[node.outputs[0]] = std::move(value);
    return true;
  }

  bool evaluated(const Node& node) {
    const auto known = constants(node);
    for (std::size_t i = 0; i < known.size(); ++i)
      if (!known[i] && !node.inputs[i].empty()) return false;
    if (node.outputs.size() != 1 || known.empty()) return false;
    auto value = evaluate(node, known);
    if (!value) return false;
    graph_.constants[node.outputs[0]] = std::move(*value);
    return true;
  }

  // ---- Aliases

  void alias(const std::string& name, Alias of) { aliases_[name] = std::move(of); }
  /// `name` as an alias, of itself where it is a value of its own.
  std::optional<Alias> as_alias(const std::string& name) const {
    const std::string value = root(name);
    if (const auto found = aliases_.find(value); found != aliases_.end()) return found->second;
    const auto dims = dims_of(name);
    if (!dims || !is_known(*dims) || !in_four(*dims)) return {};
    return Alias{value, *dims, dense(*dims)};
  }
  /// The name of a value in four dimensions with these elements; makes a step where they have to move.
  std::string made(const std::string& by_any_name) {
    const std::string name = root(by_any_name);
    const auto found = aliases_.find(name);
    if (found == aliases_.end()) return name;
    const Alias of = found->second;
    const auto four = in_four(of.dims);
    const auto before = in_four(dims_.at(of.source));
    if (!four || !before) return name;  // which nobody makes: the reader is refused
    aliases_.erase(found);
    if (of.in_order() && *four == *before) {
      names_[name] = of.source;
      uses_[of.source] += uses_[name];
      return of.source;
    }
    rearrange(of, *four, name, name);
    return name;
  }
  void rearrange(const Alias& of, const Dims& shape, const std::string& name, const std::string& output) {
    Node node;
    node.op = "Rearrange";
    node.name = name;
    node.inputs = {of.source};
    node.outputs = {output};
    node.numbers["dims"] = as_numbers(of.dims);
    node.numbers["strides"] = as_numbers(of.strides);
    node.numbers["shape"] = as_numbers(shape);
    ++uses_[of.source];
    graph_.nodes.push_back(std::move(node));
  }

  void finish(const std::string& output) {
    if (const auto dims = dims_of(output)) graph_.ranks[output] = dims->size();
    const std::string value = made(output);
    if (value == output) return;
    Node name;
    name.op = "Identity";
    name.name = output;
    name.inputs = {value};
    name.outputs = {output};
    graph_.nodes.push_back(std::move(name));
  }

  // ---- Nodes

  void keep(Node node) {
    for (std::string& input : node.inputs)
      if (!input.empty()) input = constant(input) ? root(input) : made(input);
    graph_.nodes.push_back(std::move(node));
  }
  /// For what can only be done once sizes are known.
  void wait_for_sizes(Node node) {
    waits_ = true;
    keep(std::move(node));
  }

  void rewrite(Node node, const std::vector<std::optional<Dims>>& in, const std::vector<const Constant*>& known) {
    const std::string op = node.op;
    if (op == "Conv" || op == "ConvTranspose") return convolution(std::move(node), in);
    if (op == "AveragePool" || op == "MaxPool") return pooling(std::move(node), in);
    if (op == "BatchNormalization") return normalisation(std::move(node), known);
    if (op == "Gemm" || op == "MatMul") return matrix(std::move(node), in, known);
    if (op == "Reshape" || op == "Flatten" || op == "Squeeze" || op == "Unsqueeze") return reshape(std::move(node));
    if (op == "Transpose") return transpose(std::move(node));
    if (op == "Expand") return expand(std::move(node));
    if (op == "ReduceMean") return mean(std::move(node), in, known);
    if (op == "Clip") return clip(std::move(node), known);
    if (op == "Slice") return slice(std::move(node), in, known);
    if (op == "Split") return split(std::move(node), in);
    if (op == "Pad") return pad(std::move(node), in, known);
    if (op == "Resize" || op == "Upsample") return resize(std::move(node), in, known);
    if (op == "Add" || op == "Sub" || op == "Mul" || op == "Div") return binary(std::move(node), in, known);
    if (op == "Pow" && known.size() == 2 && known[1] && known[1]->floats().size() == 1)
      return power(std::move(node), *known[1]);
    if (op == "Max" || op == "Min") return limit(std::move(node), known);
    if (op == "Concat" || op == "Softmax" || op == "LogSoftmax") return along_axis(std::move(node), in);
    keep(std::move(node));
  }

  void explicit_pads(Node& node, const Dims& in, const std::vector<int>& kernel) {
    const auto pads = padding(node, in, kernel);
    if (!pads) {
      waits_ = true;
      return;
    }
    node.strings.erase("auto_pad");
    node.numbers["pads"] = {pads->begin(), pads->end()};
  }

  void convolution(Node node, const std::vector<std::optional<Dims>>& in) {
    if (in.size() > 1 && in[1] && in[1]->size() == 4 && !node.numbers.count("kernel_shape"))
      node.numbers["kernel_shape"] = {float((*in[1])[2]), float((*in[1])[3])};
    if (node.op == "Conv" && in[0] && in.size() > 1 && in[1] && in[0]->size() == 4 && in[1]->size() == 4)
      explicit_pads(node, *in[0], {int((*in[1])[2]), int((*in[1])[3])});
    keep(std::move(node));
  }

  void pooling(Node node, const std::vector<std::optional<Dims>>& in) {
    const auto kernel = node.numbers.find("kernel_shape");
    if (in[0] && in[0]->size() == 4 && kernel != node.numbers.end() && kernel->second.size() == 2)
      explicit_pads(node, *in[0], {int(kernel->second[0]), int(kernel->second[1])});
    keep(std::move(node));
  }

  /// Into the convolution before it, if nothing else reads that; else a factor and a summand per channel.
  void normalisation(Node node, const std::vector<const Constant*>& known) {
    if (node.inputs.size() < 5 || !known[1] || !known[2] || !known[3] || !known[4]) return keep(std::move(node));
    const std::vector<float> scale = known[1]->floats(), bias = known[2]->floats(), mean = known[3]->floats(),
                             variance = known[4]->floats();
    const std::size_t channels = scale.size();
    if (bias.size() != channels || mean.size() != channels || variance.size() != channels)
      fail_node(node, "its constants are of different lengths");
    const auto given = node.numbers.find("epsilon");
    const float epsilon = given == node.numbers.end() || given->second.empty() ? 1e-5f : given->second[0];
    std::vector<float> factor(channels), offset(channels);
    for (std::size_t c = 0; c < channels; ++c) {
      factor[c] = scale[c] / std::sqrt(variance[c] + epsilon);
      offset[c] = bias[c] - mean[c] * factor[c];
    }
    node.inputs.resize(1);
    node.outputs.resize(1);
    if (join_convolution(node, factor, offset)) return;
    node.op = "ChannelAffine";
    node.numbers = {{"factor", std::move(factor)}, {"offset", std::move(offset)}};
    keep(std::move(node));
  }
  bool join_convolution(const Node& node, const std::vector<float>& factor, const std::vector<float>& offset) {
    const std::string value = root(node.inputs[0]);
    if (uses_[value] != 1) return false;
    const auto maker =
        std::find_if(graph_.nodes.rbegin(), graph_.nodes.rend(), [&](const Node& n) { return n.outputs[0] == value; });
    if (maker == graph_.nodes.rend() || (maker->op != "Conv" && maker->op != "ConvTranspose")) return false;
    const Constant* const weights = maker->inputs.size() > 1 ? constant(maker->inputs[1]) : nullptr;
    const bool has_bias = maker->inputs.size() > 2 && !maker->inputs[2].empty();
    const Constant* const bias = has_bias ? constant(maker->inputs[2]) : nullptr;
    if (!weights || (has_bias && !bias) || weights->dims.size() < 3) return false;
    const bool transposed = maker->op == "ConvTranspose";
    const std::size_t group = std::size_t(std::max(1, maker->number("group", 1))), channels = factor.size();
    if (std::size_t(weights->dims[transposed ? 1 : 0]) * (transposed ? group : 1) != channels) return false;
    Constant scaled{weights->dims, weights->floats(), {}, false};
    const std::size_t area = scaled.values.size() / std::size_t(weights->dims[0]) / std::size_t(weights->dims[1]);
    const std::size_t second = std::size_t(weights->dims[1]), inputs = std::size_t(weights->dims[0]) / group;
    for (std::size_t i = 0; i < scaled.values.size(); ++i) {
      const std::size_t row = i / area / second, column = i / area % second;
      scaled.values[i] *= factor[transposed ? row / std::max<std::size_t>(inputs, 1) * second + column : row];
    }
    Constant summand{{int(channels)}, bias ? bias->floats() : std::vector<float>(channels, 0.f), {}, false};
    if (summand.values.size() != channels) return false;
    for (std::size_t c = 0; c < channels; ++c) summand.values[c] = summand.values[c] * factor[c] + offset[c];
    const std::string name = node.outputs[0];
    graph_.constants[name + "/weights"] = std::move(scaled);
    graph_.constants[name + "/bias"] = std::move(summand);
    maker->inputs = {maker->inputs[0], name + "/weights", name + "/bias"};
    uses_[name + "/weights"] = uses_[name + "/bias"] = 1;
    maker->outputs[0] = name;
    return true;
  }

  /// A matrix of constants is a convolution: with the kernel of a whole picture where that was flattened before.
  void matrix(Node node, const std::vector<std::optional<Dims>>& in, const std::vector<const Constant*>& known) {
    const bool gemm = node.op == "Gemm";
    const auto factor = [&](const char* name) {
      const auto found = node.numbers.find(name);
      return found == node.numbers.end() || found->second.empty() ? 1.f : found->second[0];
    };
    const bool plain = in[0] && in[0]->size() == 2 && node.inputs.size() > 1 && known[1] &&
                       known[1]->dims.size() == 2 && node.number("transA", 0) == 0;
    if (!plain) return keep(std::move(node));
    const bool turned = gemm && node.number("transB", 0) != 0;
    const int inputs = known[1]->dims[turned ? 1 : 0], outputs = known[1]->dims[turned ? 0 : 1];
    if ((*in[0])[1] >= 0 && (*in[0])[1] != inputs) fail_node(node, "a matrix that does not fit its input");
    int rows = 1, columns = 1;
    std::string source = root(node.inputs[0]);
    // A flattened picture: its elements are where they were, and the kernel is as large.
    if (const auto found = aliases_.find(source); found != aliases_.end() && found->second.in_order()) {
      const auto before = in_four(dims_.at(found->second.source));
      if (before && (*before)[0] == (*in[0])[0]) {
        rows = int((*before)[2]);
        columns = int((*before)[3]);
        ++uses_[found->second.source];
        source = found->second.source;
      }
    }
    Constant weights{{outputs, inputs / (rows * columns), rows, columns}, known[1]->floats(), {}, false};
    if (!turned) {
      std::vector<float> of_outputs(weights.values.size());
      for (int i = 0; i < inputs; ++i)
        for (int o = 0; o < outputs; ++o)
          of_outputs[std::size_t(o) * inputs + i] = weights.values[std::size_t(i) * outputs + o];
      weights.values = std::move(of_outputs);
    }
    for (float& w : weights.values) w *= factor("alpha");
    std::vector<std::string> operands = {source, node.outputs[0] + "/weights"};
    if (gemm && node.inputs.size() > 2 && !node.inputs[2].empty()) {
      if (!known[2]) return keep(std::move(node));
      Constant bias{{outputs}, known[2]->floats(), {}, false};
      if (bias.values.size() == 1) bias.values.assign(std::size_t(outputs), bias.values[0]);
      if (bias.values.size() != std::size_t(outputs)) return keep(std::move(node));
      for (float& b : bias.values) b *= factor("beta");
      operands.push_back(node.outputs[0] + "/bias");
      graph_.constants[operands.back()] = std::move(bias);
    }
    graph_.constants[operands[1]] = std::move(weights);
    for (std::size_t i = 1; i < operands.size(); ++i) uses_[operands[i]] = 1;
    node.op = "Conv";
    node.inputs = std::move(operands);
    node.numbers = {{"kernel_shape", {float(rows), float(columns)}}};
    keep(std::move(node));
  }

  void reshape(Node node) {
    const auto from = as_alias(node.inputs[0]);
    const auto to = dims_of(node.outputs[0]);
    if (!from || !to || !is_known(*to)) {
      // Two dimensions of N,C,1,1 need no sizes.
      const auto before = dims_of(node.inputs[0]);
      if (before && to && same_channels(*before, *to)) return rename(node);
      return wait_for_sizes(std::move(node));
    }
    if (count_of(*to) != count_of(from->dims)) fail_node(node, "a shape of another size");
    Alias of = *from;
    if (!of.in_order()) {
      // The new shape counts in the order of the old one, which has to be made first; in the new shape at once.
      const auto four = in_four(*to);
      if (!four) return keep(std::move(node));
      return rearrange(of, *four, node.name, node.outputs[0]);
    }
    alias(node.outputs[0], {of.source, *to, dense(*to)});
  }
  /// Whether one is N,C,1,1 and the other N,C, or the like.
  static bool same_channels(const Dims& a, const Dims& b) {
    const auto of = [](Dims dims) {
      while (dims.size() > 2 && dims.back() == 1) dims.pop_back();
      return dims;
    };
    const Dims x = of(a), y = of(b);
    return x.size() == 2 && y.size() == 2 && x[1] >= 0 && x[1] == y[1];
  }
  void transpose(Node node) {
    auto of = as_alias(node.inputs[0]);
    const auto to = dims_of(node.outputs[0]);
    if (!of || !to) return wait_for_sizes(std::move(node));
    const auto order = node.numbers.find("perm");
    Alias turned{of->source, {}, {}};
    for (std::size_t i = 0; i < of->dims.size(); ++i) {
      const std::size_t d = order == node.numbers.end()
                                ? of->dims.size() - 1 - i
                                : axis_of(node, std::int64_t(order->second[i]), of->dims.size());
      turned.dims.push_back(of->dims[d]);
      turned.strides.push_back(of->strides[d]);
    }
    alias(node.outputs[0], std::move(turned));
  }

  void expand(Node node) {
    auto of = as_alias(node.inputs[0]);
    const auto to = dims_of(node.outputs[0]);
    if (!of || !to || !is_known(*to)) return wait_for_sizes(std::move(node));
    Alias wide{of->source, *to, std::vector<std::int64_t>(to->size(), 0)};
    for (std::size_t d = 0; d < of->dims.size(); ++d)
      if (of->dims[d] != 1) wide.strides[to->size() - of->dims.size() + d] = of->strides[d];
    alias(node.outputs[0], std::move(wide));
  }

  void mean(Node node, const std::vector<std::optional<Dims>>& in, const std::vector<const Constant*>& known) {
    if (!in[0] || in[0]->size() != 4) return keep(std::move(node));
    const auto axes = list(node, "axes", known, 1);
    std::vector<bool> goes(4, false);
    for (const std::int64_t axis : axes.value_or(std::vector<std::int64_t>())) goes[axis_of(node, axis, 4)] = true;
    if (goes != std::vector<bool>{false, false, true, true}) return keep(std::move(node));
    node.op = "GlobalAveragePool";
    node.inputs.resize(1);
    node.numbers.clear();
    keep(std::move(node));
  }

  void clip(Node node, const std::vector<const Constant*>& known) {
    const auto bound = [&](const char* name, std::size_t i, float otherwise) {
      if (const auto found = node.numbers.find(name); found != node.numbers.end() && !found->second.empty())
        return found->second[0];
      if (i < known.size() && known[i] && known[i]->floats().size() == 1) return known[i]->floats()[0];
      return otherwise;
    };
    for (std::size_t i = 1; i < node.inputs.size(); ++i)
      if (!node.inputs[i].empty() && !known[i]) return keep(std::move(node));
    const float least = bound("min", 1, -INFINITY), most = bound("max", 2, INFINITY);
    node.inputs.resize(1);
    node.numbers = {{"min", {least}}, {"max", {most}}};
    keep(std::move(node));
  }

  void power(Node node, const Constant& exponent) {
    node.numbers = {{"exponent", exponent.floats()}};
    node.inputs.resize(1);
    keep(std::move(node));
  }

  /// Of a value and one number.
  void limit(Node node, const std::vector<const Constant*>& known) {
    for (std::size_t i = 0; i < known.size() && known.size() == 2; ++i) {
      if (!known[i] || known[1 - i] || known[i]->floats().size() != 1) continue;
      const float bound = known[i]->floats()[0];
      node.numbers = {{"min", {node.op == "Max" ? bound : -INFINITY}}, {"max", {node.op == "Max" ? INFINITY : bound}}};
      node.op = "Clip";
      node.inputs = {node.inputs[1 - i]};
      break;
    }
    keep(std::move(node));
  }

  void slice(Node node, const std::vector<std::optional<Dims>>& in, const std::vector<const Constant*>& known) {
    const auto starts = list(node, "starts", known, 1), ends = list(node, "ends", known, 2),
               axes = list(node, "axes", known, 3), steps = list(node, "steps", known, 4);
    if (!in[0] || !starts || !ends || !in_four(*in[0])) return wait_for_sizes(std::move(node));
    std::vector<float> first(4, 0), step(4, 1), count(4, 0);  // 0: all
    for (std::size_t i = 0; i < starts->size(); ++i) {
      const std::size_t d = axis_of(node, axes ? (*axes)[i] : std::int64_t(i), in[0]->size());
      const std::int64_t side = (*in[0])[d];
      if (side < 0) return wait_for_sizes(std::move(node));
      const Range taken = range((*starts)[i], (*ends)[i], steps ? (*steps)[i] : 1, side);
      if (taken.count == 0) fail_node(node, "nothing is left");
      first[d] = float(taken.first);
      step[d] = float(taken.step);
      count[d] = float(taken.count);
    }
    node.inputs.resize(1);
    node.numbers = {{"first", first}, {"step", step}, {"count", count}};
    keep(std::move(node));
  }

  void split(Node node, const std::vector<std::optional<Dims>>& in) {
    if (!in[0] || !in_four(*in[0])) return keep(std::move(node));
    const std::size_t axis = axis_of(node, node.number("axis", 0), in[0]->size());
    float begin = 0;
    for (const std::string& output : node.outputs) {
      const auto part = dims_of(output);
      if (!part || (*part)[axis] < 1) return wait_for_sizes(std::move(node));
      Node one;
      one.op = "Slice";
      one.name = node.name;
      one.inputs = {node.inputs[0]};
      one.outputs = {output};
      std::vector<float> first(4, 0), step(4, 1), count(4, 0);
      first[axis] = begin;
      count[axis] = float((*part)[axis]);
      begin += count[axis];
      one.numbers = {{"first", first}, {"step", step}, {"count", count}};
      ++uses_[node.inputs[0]];
      keep(std::move(one));
    }
  }

  void pad(Node node, const std::vector<std::optional<Dims>>& in, const std::vector<const Constant*>& known) {
    const auto pads = list(node, node.numbers.count("paddings") ? "paddings" : "pads", known, 1),
               axes = list(node, "axes", known, 3);
    if (!in[0] || in[0]->size() != 4 || !pads) return wait_for_sizes(std::move(node));
    std::vector<float> all(8, 0);
    const std::size_t count = axes ? axes->size() : 4;
    if (pads->size() != 2 * count) fail_node(node, "pads of another rank than its input");
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t d = axes ? axis_of(node, (*axes)[i], 4) : i;
      all[d] = float((*pads)[i]);
      all[4 + d] = float((*pads)[i + count]);
    }
    const bool needs_value = node.inputs.size() > 2 && !node.inputs[2].empty();
    if (needs_value && (!known[2] || known[2]->floats().size() != 1)) return keep(std::move(node));
    const float value = needs_value                                                     ? known[2]->floats()[0]
                        : node.numbers.count("value") && !node.numbers["value"].empty() ? node.numbers["value"][0]
                                                                                        : 0;
    node.inputs.resize(1);
    node.numbers = {{"pads", all}, {"value", {value}}};
    keep(std::move(node));
  }

  void resize(Node node, const std::vector<std::optional<Dims>>& in, const std::vector<const Constant*>& known) {
    const auto to = dims_of(node.outputs[0]);
    if (!in[0] || in[0]->size() != 4 || !to) return wait_for_sizes(std::move(node));
    const std::size_t at = node.op == "Upsample" || known.size() == 2 ? 1 : 2;
    std::vector<float> scales;
    if (const auto attribute = node.numbers.find("scales"); attribute != node.numbers.end())
      scales = attribute->second;
    else if (at < known.size() && known[at])
      scales = known[at]->floats();
    if (scales.size() != 4) {  // sizes
      if (!is_known(*in[0]) || !is_known(*to)) return wait_for_sizes(std::move(node));
      scales.clear();
      for (std::size_t d = 0; d < 4; ++d) scales.push_back(float(double((*to)[d]) / double((*in[0])[d])));
      node.numbers["sizes"] = {float((*to)[2]), float((*to)[3])};
    }
    if (scales[0] != 1 || scales[1] != 1) return keep(std::move(node));
    node.numbers["scales"] = {scales[2], scales[3]};
    if (node.op == "Upsample" || at == 1) {  // before there was a choice
      node.strings["coordinate_transformation_mode"] = "asymmetric";
      node.strings["nearest_mode"] = "floor";
    }
    node.op = "Resize";
    node.inputs.resize(1);
    keep(std::move(node));
  }

  /// A constant operand gets the shape 1 or C,1,1; of two values the one that repeats is named.
  void binary(Node node, const std::vector<std::optional<Dims>>& in, const std::vector<const Constant*>& known) {
    if (node.inputs.size() != 2) return keep(std::move(node));
    for (const std::size_t i : {0, 1}) {
      if (!known[i]) continue;
      const auto& value = in[1 - i];
      std::vector<int> dims = known[i]->dims;
      const bool one = known[i]->halves ? count_of(Dims(dims.begin(), dims.end())) == 1 : known[i]->values.size() == 1;
      if (one || !value) break;
      // Sides from the last: a matrix of two dimensions has its channels there.
      std::vector<int> aligned(std::max(value->size(), dims.size()), 1);
      std::copy(dims.rbegin(), dims.rend(), aligned.rbegin());
      const std::size_t channels = value->size() >= 2 ? aligned.size() - value->size() + 1 : 0;
      const int count = aligned[channels];
      const std::int64_t all = count_of(Dims(aligned.begin(), aligned.end()));
      if (all != count) break;  // fuse() refuses it
      Constant shaped = *known[i];
      shaped.dims = {count, 1, 1};
      const std::string name = node.outputs[0] + "/operand";
      graph_.constants[name] = std::move(shaped);
      uses_[name] = 1;
      node.inputs[i] = name;
    }
    if (!known[0] && !known[1] && in[0] && in[1]) {
      const auto a = in_four(*in[0]), b = in_four(*in[1]);
      if (!a || !b || in[0]->size() != in[1]->size()) return wait_for_sizes(std::move(node));
      // Of the side that is 1 where the other is not, or may not be.
      const auto repeats = [](const Dims& x, const Dims& y) {
        for (std::size_t d = 0; d < 4; ++d)
          if (x[d] == 1 && y[d] != 1) return true;
        return false;
      };
      if (repeats(*a, *b) && repeats(*b, *a)) return keep(std::move(node));
      if (repeats(*a, *b)) node.numbers["repeated"] = {0};
      if (repeats(*b, *a)) node.numbers["repeated"] = {1};
    }
    keep(std::move(node));
  }

  void along_axis(Node node, const std::vector<std::optional<Dims>>& in) {
    const int otherwise = node.op == "Concat" ? 1 : graph_.opset >= 13 ? -1 : 1;
    if (in[0]) node.numbers["axis"] = {float(axis_of(node, node.number("axis", otherwise), in[0]->size()))};
    keep(std::move(node));
  }

  Graph& graph_;
  std::map<std::string, Dims> dims_;
  std::map<std::string, int> uses_;
  std::map<std::string, std::string> names_;
  std::map<std::string, Alias> aliases_;
  bool waits_ = false;  // for a size
};

}  // namespace

bool fold(Graph& graph, const std::map<std::string, Dims>& sizes) { return Folder(graph, sizes).run(); }

std::map<std::string, Dims> free_sizes(const Graph& graph) {
  std::map<std::string, Dims> sizes = graph.dims;
  for (auto& [name, dims] : sizes)
    for (std::size_t d = 0; d < dims.size(); ++d)
      if (d == 0 || (dims.size() == 4 && d > 1)) dims[d] = -1;
  return sizes;
}

}  // namespace calotype::network
