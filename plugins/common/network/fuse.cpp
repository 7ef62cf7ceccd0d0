// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <numeric>

#include "node_steps.hpp"

namespace calotype::network {
namespace {

using Kind = PostOp::Kind;

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
  if (node.numbers.count("kernel_shape") && whole_numbers<2>(node, "kernel_shape", 0) != step.kernel)
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
      const auto rank = graph_.ranks.find(output);
      program_.ranks.push_back(rank != graph_.ranks.end() && rank->second == 2 ? 2 : 4);
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
    if (op == "PRelu") return add_post(node, {Kind::leaky_relu, weights(node, 1).floats()});
    if (const auto posts = element_function(node)) return add_posts(node, *posts);
    if (op == "Identity" || op == "Dropout") {
      values_[node.outputs[0]] = value(node, 0);
      uses_[node.inputs[0]] += uses_[node.outputs[0]] - 1;  // two names, one value
      uses_[node.outputs[0]] = uses_[node.inputs[0]];
      return;
    }
    if (op == "Add" || op == "Sub" || op == "Mul" || op == "Div") return add_binary(node);
    if (auto step = step_of(node, [&](std::size_t i) { return weights(node, i).floats(); })) {
      if (node.inputs.empty()) fail_node(node, "it has no inputs");
      const std::size_t count = step->kind == Step::Kind::concatenate ? node.inputs.size() : 1;
      for (std::size_t i = 0; i < count; ++i) step->in.push_back(value(node, i));
      return finish(node, std::move(*step));
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
    step.stride = whole_numbers<2>(node, "strides", 1);
    step.dilation = whole_numbers<2>(node, "dilations", 1);
    step.output_padding = whole_numbers<2>(node, "output_padding", 0);
    step.pad = whole_numbers<4>(node, "pads", 0);
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
      if (!transposed && before.kind == Step::Kind::padding && before.post.empty()) take_padding(before, step);
    }
    finish(node, std::move(step));
  }

  /// Zeros around a picture are the convolution's own.
  static void take_padding(const Step& padding, Step& step) {
    const auto& a = padding.around;
    const std::array<int, 4> sides{a[2], a[3], a[6], a[7]};
    const bool others = a[0] || a[1] || a[4] || a[5];
    const bool odd =
        std::any_of(sides.begin(), sides.end(), [](int side) { return side < 0 || side > kMostAttribute; });
    if (padding.border != Step::Border::constant || padding.numbers != std::vector<float>{0} || others || odd) return;
    for (std::size_t i = 0; i < sides.size(); ++i) step.pad[i] += sides[i];
    step.in = padding.in;
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

  void add_posts(const Node& node, const std::vector<PostOp>& posts) {
    add_post(node, posts.front());
    Step& step = program_.steps[static_cast<std::size_t>(made_by_[static_cast<std::size_t>(values_[node.outputs[0]])])];
    step.post.insert(step.post.end(), posts.begin() + 1, posts.end());
  }

  /// A product of a value and a function of it, as in Swish and its likes. Only one value is kept at a time.
  bool add_gate(const Node& node, std::size_t gate, std::size_t gated) {
    const int of_gate = made_by_[static_cast<std::size_t>(value(node, gate))], in = value(node, gated);
    if (of_gate < 0 || uses_[node.inputs[gate]] != 1) return false;
    const Step& function = program_.steps[static_cast<std::size_t>(of_gate)];
    const auto is_bound = [](const PostOp& post) { return post.operand >= 0 || post.kind == Kind::keep; };
    if (function.kind != Step::Kind::pointwise || function.in[0] != in || uses_[node.inputs[gated]] != 2 ||
        std::any_of(function.post.begin(), function.post.end(), is_bound))
      return false;
    std::vector<PostOp> posts = {{Kind::keep}};
    posts.insert(posts.end(), function.post.begin(), function.post.end());
    posts.push_back({Kind::times_kept});
    uses_[node.inputs[gated]] = 1;  // its other reader is left out
    Node alone = node;
    alone.inputs = {node.inputs[gated]};
    add_posts(alone, posts);
    return true;
  }

  void add_binary(const Node& node) {
    if (node.inputs.size() != 2) refuse_node(node, "two operands only");
    for (const std::size_t i : {0, 1})
      if (const Constant* c = constant(node.inputs[i])) return add_with_constant(node, *c, i);
    const int a = value(node, 0), b = value(node, 1);
    if (node.op == "Mul" && a != b && (add_gate(node, 0, 1) || add_gate(node, 1, 0))) return;
    const int repeated = node.number("repeated", -1);
    const int step_a = open_step(node.inputs[0]), step_b = open_step(node.inputs[1]);
    const int made_a = made_by_[static_cast<std::size_t>(a)], made_b = made_by_[static_cast<std::size_t>(b)];
    // The later of the two can take the earlier one along, unless it is the one that repeats.
    if (step_b > made_a && repeated != 1) return join(node, step_b, {with_value(node.op, true), {}, a, repeated == 0});
    if (step_a > made_b && repeated != 0) return join(node, step_a, {with_value(node.op, false), {}, b, repeated == 1});
    Step fresh = begin(node, Step::Kind::pointwise);
    fresh.in = {repeated == 0 ? b : a};
    fresh.post.push_back({with_value(node.op, repeated == 0), {}, repeated == 0 ? a : b, repeated >= 0});
    finish(node, std::move(fresh));
  }
  /// `reversed`: the operand stands on the left.
  static Kind with_value(const std::string& op, bool reversed) {
    if (op == "Add") return Kind::add;
    if (op == "Mul") return Kind::multiply;
    if (op == "Sub") return reversed ? Kind::subtract_from : Kind::subtract;
    return reversed ? Kind::divide_into : Kind::divide;
  }
  void add_with_constant(const Node& node, const Constant& c, std::size_t at) {
    if (at == 0 && node.op == "Div") {  // c / x is c times 1 / x
      Node product = node;
      product.op = "Mul";
      product.inputs = {node.inputs[1]};
      return add_posts(product, {{Kind::reciprocal}, with_constant(product, c, false)});
    }
    add_post(node, with_constant(node, c, at == 0), 1 - at);
  }
  static PostOp with_constant(const Node& node, const Constant& c, bool reversed) {
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
    return {count == 1 ? Kind::affine : Kind::per_channel, std::move(factor)};
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
