// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <numeric>

#include "calotype/error.hpp"
#include "program.hpp"

namespace calotype::network {
namespace {

using Kind = PostOp::Kind;

[[noreturn]] void refuse_node(const Node& node, const std::string& why) {
  throw Error(ErrorCode::unsupported, "cannot run operator " + node.op + " of node \"" + node.name + "\": " + why,
              "choose another engine or export the model with plainer operators");
}

[[noreturn]] void fail_node(const Node& node, const std::string& why) {
  throw Error(ErrorCode::corrupt, "operator " + node.op + " of node \"" + node.name + "\": " + why,
              "install the model again");
}

template <std::size_t N>
std::array<int, N> numbers(const Node& node, const std::string& key, int otherwise) {
  std::array<int, N> result;
  result.fill(otherwise);
  const auto found = node.numbers.find(key);
  if (found == node.numbers.end()) return result;
  if (found->second.size() != N) refuse_node(node, "attribute " + key + " needs " + std::to_string(N) + " numbers");
  for (std::size_t i = 0; i < N; ++i) result[i] = whole(found->second[i]);
  return result;
}

/// For strides, kernels and the like: what engines compute of such numbers fits their arithmetic.
constexpr int kMostAttribute = 1024;

void check_convolution(const Node& node, const Step& step) {
  const auto check = [&](const auto& values, int least, int most) {
    for (const int value : values)
      if (value < least || value > most) fail_node(node, "its attributes make no sense");
  };
  const std::vector<int>& dims = step.weights.dims;
  check(std::array<int, 3>{step.group, dims[0], dims[1]}, 1, kMostSide);
  for (const auto& sides : {step.stride, step.dilation, step.kernel}) check(sides, 1, kMostAttribute);
  check(step.pad, 0, kMostAttribute);
  check(step.output_padding, 0, kMostAttribute);
  if (dims[0] % step.group != 0 || std::int64_t(dims[1]) * step.group > kMostSide)
    fail_node(node, "its groups do not divide its channels");
  if (node.numbers.count("kernel_shape") && numbers<2>(node, "kernel_shape", 0) != step.kernel)
    fail_node(node, "its weights are for another kernel");
}

/// A transposed convolution of stride 1 is an ordinary one with the kernel turned around.
void make_ordinary(Step& step) {
  const auto reach_of = [&](std::size_t d) { return step.dilation[d] * (step.kernel[d] - 1); };
  for (std::size_t d = 0; d < 2; ++d)
    if (reach_of(d) < step.pad[d] || reach_of(d) < step.pad[d + 2]) return;
  for (std::size_t d = 0; d < 2; ++d) {
    const int reach = reach_of(d);
    step.pad[d] = reach - step.pad[d];
    step.pad[d + 2] = reach - step.pad[d + 2] + step.output_padding[d];
  }
  step.kind = Step::Kind::convolution;
  const int inputs = step.weights.dims[0] / step.group, outputs = step.weights.dims[1];
  const std::size_t area = static_cast<std::size_t>(step.kernel[0]) * static_cast<std::size_t>(step.kernel[1]);
  const std::vector<float> values = step.weights.floats();
  Constant turned{{outputs * step.group, inputs, step.kernel[0], step.kernel[1]}, {}, {}};
  turned.values.resize(values.size());
  for (int g = 0; g < step.group; ++g)
    for (int i = 0; i < inputs; ++i)
      for (int o = 0; o < outputs; ++o) {
        const auto from = values.begin() + static_cast<std::ptrdiff_t>(area) * ((g * inputs + i) * outputs + o);
        const auto to = turned.values.begin() + static_cast<std::ptrdiff_t>(area) * ((g * outputs + o) * inputs + i);
        std::reverse_copy(from, from + static_cast<std::ptrdiff_t>(area), to);
      }
  step.weights = std::move(turned);
}

class Fuser {
 public:
  explicit Fuser(Graph& graph) : graph_(graph) {
    for (const std::string& input : graph.inputs) {
      program_.inputs.emplace_back(input, static_cast<int>(made_by_.size()));
      values_[input] = new_value(-1);
    }
    for (const Node& node : graph.nodes)
      for (const std::string& input : node.inputs) ++uses_[input];
    for (const std::string& output : graph.outputs) ++uses_[output];
  }

  Program run() {
    for (const Node& node : graph_.nodes) add(node);
    for (const std::string& output : graph_.outputs) {
      if (!values_.count(output))
        throw Error(ErrorCode::corrupt, "nothing makes the network's output \"" + output + "\"",
                    "install the model again");
      program_.outputs.emplace_back(output, values_.at(output));
    }
    drop_unused();
    return std::move(program_);
  }

 private:
  int new_value(int step) {
    made_by_.push_back(step);
    return static_cast<int>(made_by_.size()) - 1;
  }
  const Constant* constant(const std::string& name) const {
    const auto found = graph_.constants.find(name);
    return found == graph_.constants.end() ? nullptr : &found->second;
  }
  const Constant& weights(const Node& node, std::size_t i) const {
    const Constant* found = i < node.inputs.size() ? constant(node.inputs[i]) : nullptr;
    if (!found) refuse_node(node, "its weights are not constant");
    return *found;
  }
  int value(const Node& node, std::size_t i) const {
    const auto found = i < node.inputs.size() ? values_.find(node.inputs[i]) : values_.end();
    if (found == values_.end()) refuse_node(node, "input " + std::to_string(i) + " is not computed before it");
    return found->second;
  }

  void add(const Node& node) {
    if (node.outputs.size() != 1) refuse_node(node, "one output only");
    const std::string& op = node.op;
    if (op == "Conv" || op == "ConvTranspose") return add_convolution(node);
    if (op == "Relu") return add_post(node, {Kind::leaky_relu, {0.f}, -1});
    if (op == "LeakyRelu") {
      const auto slope = node.numbers.find("alpha");
      return add_post(node, {Kind::leaky_relu, {slope == node.numbers.end() ? 0.01f : slope->second[0]}, -1});
    }
    if (op == "PRelu") return add_post(node, {Kind::leaky_relu, weights(node, 1).floats(), -1});
    if (op == "Abs") return add_post(node, {Kind::abs, {}, -1});
    if (op == "Sigmoid") return add_post(node, {Kind::sigmoid, {}, -1});
    if (op == "Identity" || op == "Dropout") {
      values_[node.outputs[0]] = value(node, 0);
      uses_[node.inputs[0]] += uses_[node.outputs[0]] - 1;  // two names, one value
      uses_[node.outputs[0]] = uses_[node.inputs[0]];
      return;
    }
    if (op == "Add" || op == "Sub" || op == "Mul" || op == "Div") return add_binary(node);
    if (op == "Concat") {
      if (node.number("axis", 1) != 1) refuse_node(node, "along channels only");
      if (node.inputs.empty()) fail_node(node, "it has no inputs");
      Step step = begin(node, Step::Kind::concatenate);
      for (std::size_t i = 0; i < node.inputs.size(); ++i) step.in.push_back(value(node, i));
      return finish(node, std::move(step));
    }
    if (op == "DepthToSpace" || op == "SpaceToDepth") {
      Step step = begin(node, op == "DepthToSpace" ? Step::Kind::depth_to_space : Step::Kind::space_to_depth);
      step.in = {value(node, 0)};
      step.block = node.number("blocksize", 0);
      if (step.block < 1 || step.block > kMostAttribute) fail_node(node, "its block size makes no sense");
      const auto mode = node.strings.find("mode");
      step.columns_first = mode != node.strings.end() && mode->second == "CRD";
      return finish(node, std::move(step));
    }
    refuse_node(node, "it is none of the operators that this engine runs");
  }

  static Step begin(const Node& node, Step::Kind kind) {
    Step step;
    step.kind = kind;
    step.op = node.op;
    step.name = node.name;
    return step;
  }
  void finish(const Node& node, Step step) {
    step.out = new_value(static_cast<int>(program_.steps.size()));
    values_[node.outputs[0]] = step.out;
    program_.steps.push_back(std::move(step));
  }

  void add_convolution(const Node& node) {
    const bool transposed = node.op == "ConvTranspose";
    Step step = begin(node, transposed ? Step::Kind::transposed_convolution : Step::Kind::convolution);
    const auto automatic = node.strings.find("auto_pad");
    if (automatic != node.strings.end() && automatic->second != "NOTSET") refuse_node(node, "automatic padding");
    if (node.numbers.count("output_shape")) refuse_node(node, "a given output shape");
    weights(node, 1);
    if (uses_[node.inputs[1]] == 1)
      step.weights = std::move(graph_.constants[node.inputs[1]]);
    else
      step.weights = weights(node, 1);
    if (step.weights.dims.size() != 4) refuse_node(node, "two dimensions only");
    step.group = node.number("group", 1);
    step.kernel = {step.weights.dims[2], step.weights.dims[3]};
    step.stride = numbers<2>(node, "strides", 1);
    step.dilation = numbers<2>(node, "dilations", 1);
    step.output_padding = numbers<2>(node, "output_padding", 0);
    step.pad = numbers<4>(node, "pads", 0);
    check_convolution(node, step);
    step.outputs = transposed ? step.weights.dims[1] * step.group : step.weights.dims[0];
    step.bias.assign(static_cast<std::size_t>(step.outputs), 0.f);
    if (node.inputs.size() > 2 && !node.inputs[2].empty()) step.bias = weights(node, 2).floats();
    if (step.bias.size() != static_cast<std::size_t>(step.outputs)) fail_node(node, "its bias has the wrong size");
    if (transposed && step.stride == std::array<int, 2>{1, 1}) make_ordinary(step);
    const int in = value(node, 0);
    step.in = {in};
    // |x| before a convolution (as in divisive normalisation) is read as the sign bit cleared.
    const int maker = made_by_[static_cast<std::size_t>(in)];
    if (maker >= 0) {
      const Step& before = program_.steps[static_cast<std::size_t>(maker)];
      if (before.kind == Step::Kind::pointwise && before.post.size() == 1 && before.post[0].kind == Kind::abs) {
        step.absolute = true;
        step.in = before.in;
      }
    }
    finish(node, std::move(step));
  }

  /// The step that a post operation on `name` may join: the one that makes it, if nobody else reads the result.
  int open_step(const std::string& name) const {
    if (uses_.at(name) != 1 || !values_.count(name)) return -1;
    return made_by_[static_cast<std::size_t>(values_.at(name))];
  }
  void join(const Node& node, int step, PostOp post) {
    Step& target = program_.steps[static_cast<std::size_t>(step)];
    target.post.push_back(std::move(post));
    values_[node.outputs[0]] = target.out;
  }
  void add_post(const Node& node, PostOp post, std::size_t input = 0) {
    const int in = value(node, input), step = open_step(node.inputs[input]);
    if (step >= 0) return join(node, step, std::move(post));
    Step fresh = begin(node, Step::Kind::pointwise);
    fresh.in = {in};
    fresh.post.push_back(std::move(post));
    finish(node, std::move(fresh));
  }

  void add_binary(const Node& node) {
    if (node.inputs.size() != 2) refuse_node(node, "two operands only");
    for (const std::size_t i : {0, 1})
      if (const Constant* c = constant(node.inputs[i])) return add_post(node, with_constant(node, *c, i == 0), 1 - i);
    const int a = value(node, 0), b = value(node, 1);
    const int step_a = open_step(node.inputs[0]), step_b = open_step(node.inputs[1]);
    const int made_a = made_by_[static_cast<std::size_t>(a)], made_b = made_by_[static_cast<std::size_t>(b)];
    // The later of the two can take the earlier one along.
    if (step_b > made_a) return join(node, step_b, {with_value(node.op, true), {}, a});
    if (step_a > made_b) return join(node, step_a, {with_value(node.op, false), {}, b});
    Step fresh = begin(node, Step::Kind::pointwise);
    fresh.in = {a};
    fresh.post.push_back({with_value(node.op, false), {}, b});
    finish(node, std::move(fresh));
  }
  /// `reversed`: the operand stands on the left.
  static Kind with_value(const std::string& op, bool reversed) {
    if (op == "Add") return Kind::add;
    if (op == "Mul") return Kind::multiply;
    if (op == "Sub") return reversed ? Kind::subtract_from : Kind::subtract;
    return reversed ? Kind::divide_into : Kind::divide;
  }
  static PostOp with_constant(const Node& node, const Constant& c, bool reversed) {
    if (reversed && node.op == "Div") refuse_node(node, "a constant divided by a tensor");
    const std::vector<float> values = c.floats();
    const std::size_t count = values.size();
    if (count != 1 && !(c.dims.size() >= 3 && c.dims[c.dims.size() - 3] == static_cast<int>(count)))
      refuse_node(node, "a constant that is neither one number nor one per channel");
    std::vector<float> factor(count, 1.f), offset(count, 0.f);
    for (std::size_t i = 0; i < count; ++i) {
      const float v = values[i];
      if (node.op == "Add") offset[i] = v;
      if (node.op == "Sub") offset[i] = reversed ? v : -v;
      if (node.op == "Sub" && reversed) factor[i] = -1;
      if (node.op == "Mul") factor[i] = v;
      if (node.op == "Div") factor[i] = 1 / v;
    }
    factor.insert(factor.end(), offset.begin(), offset.end());
    return {count == 1 ? Kind::affine : Kind::per_channel, std::move(factor), -1};
  }

  /// Abs steps whose readers took over the work. Values are numbered anew without theirs.
  void drop_unused() {
    std::vector<bool> used(made_by_.size(), false);
    const auto use = [&](int value) { used[static_cast<std::size_t>(value)] = true; };
    for (const auto& output : program_.outputs) use(output.second);
    for (auto step = program_.steps.rbegin(); step != program_.steps.rend(); ++step) {
      if (!used[static_cast<std::size_t>(step->out)]) continue;
      for (const int in : step->in) use(in);
      for (const PostOp& post : step->post)
        if (post.operand >= 0) use(post.operand);
    }
    std::vector<int> numbers(made_by_.size());
    std::iota(numbers.begin(), numbers.end(), 0);  // inputs keep theirs
    const auto renumber = [&](int& value) { value = numbers[static_cast<std::size_t>(value)]; };
    std::vector<Step> kept;
    program_.values = static_cast<int>(program_.inputs.size());
    for (Step& step : program_.steps) {
      if (!used[static_cast<std::size_t>(step.out)]) continue;
      for (int& in : step.in) renumber(in);
      for (PostOp& post : step.post)
        if (post.operand >= 0) renumber(post.operand);
      numbers[static_cast<std::size_t>(step.out)] = program_.values;
      step.out = program_.values++;
      kept.push_back(std::move(step));
    }
    for (auto& output : program_.outputs) renumber(output.second);
    program_.steps = std::move(kept);
  }

  Graph& graph_;  // large weights move out of it
  Program program_;
  std::map<std::string, int> values_;  // names to values
  std::map<std::string, int> uses_;
  std::vector<int> made_by_;  // step of each value, -1 for inputs
};

}  // namespace

Program fuse(Graph graph) { return Fuser(graph).run(); }

void Program::drop_weights() {
  for (Step& step : steps) step.weights = {std::move(step.weights.dims), {}, {}};
}

void refuse(const Step& step, const std::string& why) {
  throw Error(ErrorCode::unsupported, "cannot run operator " + step.op + " of node \"" + step.name + "\": " + why,
              "choose another engine or export the model with plainer operators");
}

}  // namespace calotype::network
