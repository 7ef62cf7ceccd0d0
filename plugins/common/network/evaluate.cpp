// SPDX-License-Identifier: Apache-2.0
#include "evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "infer.hpp"

namespace calotype::network {
namespace {

constexpr std::size_t kMostElements = std::size_t(1) << 28;

using Inputs = std::vector<const Constant*>;

std::size_t count_of(const std::vector<int>& dims) {
  return std::accumulate(dims.begin(), dims.end(), std::size_t{1}, std::multiplies<>());
}

class Evaluator {
 public:
  Evaluator(const Node& node, const Inputs& inputs) : node_(node), inputs_(inputs) {}

  std::optional<Constant> run() const {
    using Operation = Constant (Evaluator::*)() const;
    static const auto* const operations = new std::map<std::string, Operation>{
        {"Add", &Evaluator::binary},        {"Sub", &Evaluator::binary},
        {"Mul", &Evaluator::binary},        {"Div", &Evaluator::binary},
        {"Pow", &Evaluator::binary},        {"Mod", &Evaluator::binary},
        {"Max", &Evaluator::binary},        {"Min", &Evaluator::binary},
        {"Equal", &Evaluator::binary},      {"Greater", &Evaluator::binary},
        {"Less", &Evaluator::binary},       {"And", &Evaluator::binary},
        {"Or", &Evaluator::binary},         {"Neg", &Evaluator::unary},
        {"Abs", &Evaluator::unary},         {"Sqrt", &Evaluator::unary},
        {"Exp", &Evaluator::unary},         {"Floor", &Evaluator::unary},
        {"Ceil", &Evaluator::unary},        {"Round", &Evaluator::unary},
        {"Not", &Evaluator::unary},         {"Reciprocal", &Evaluator::unary},
        {"Identity", &Evaluator::unary},    {"Cast", &Evaluator::cast},
        {"Gather", &Evaluator::gather},     {"Slice", &Evaluator::slice},
        {"Concat", &Evaluator::concat},     {"Unsqueeze", &Evaluator::reshape},
        {"Squeeze", &Evaluator::reshape},   {"Reshape", &Evaluator::reshape},
        {"Flatten", &Evaluator::reshape},   {"Transpose", &Evaluator::transpose},
        {"Expand", &Evaluator::expand},     {"ConstantOfShape", &Evaluator::constant_of_shape},
        {"Range", &Evaluator::range_of},    {"Where", &Evaluator::where},
        {"ReduceProd", &Evaluator::reduce}, {"ReduceSum", &Evaluator::reduce},
        {"ReduceMax", &Evaluator::reduce},  {"ReduceMin", &Evaluator::reduce},
    };
    const auto found = operations->find(node_.op);
    if (found == operations->end()) return {};
    if (node_.op != "Concat" && inputs_.empty()) fail_node(node_, "has no input");
    return (this->*found->second)();
  }

 private:
  const Constant& in(std::size_t i) const {
    if (i >= inputs_.size() || !inputs_[i]) fail_node(node_, "input " + std::to_string(i) + " is missing");
    return *inputs_[i];
  }

  Constant made(std::vector<int> dims, bool whole) const {
    std::size_t count = 1;
    for (const int side : dims) {
      if (side < 0) fail_node(node_, "a negative side");
      count *= std::size_t(side);
      if (count > kMostElements)
        throw Error(ErrorCode::limit, "node \"" + node_.name + "\" (" + node_.op + "): its result would be too large",
                    "export the model for a smaller input");
    }
    return {std::move(dims), std::vector<float>(count), {}, whole};
  }

  /// Steps through both operands of a broadcast: 0 along sides of 1.
  static std::vector<std::size_t> strides(const std::vector<int>& dims, std::size_t rank) {
    std::vector<std::size_t> result(rank, 0);
    std::size_t step = 1;
    for (std::size_t i = dims.size(); i-- > 0;) {
      result[rank - dims.size() + i] = dims[i] == 1 ? 0 : step;
      step *= std::size_t(dims[i]);
    }
    return result;
  }
  std::vector<int> broadcast(const std::vector<std::vector<int>>& all) const {
    std::size_t rank = 0;
    for (const auto& dims : all) rank = std::max(rank, dims.size());
    std::vector<int> result(rank, 1);
    for (const auto& dims : all)
      for (std::size_t i = 0; i < dims.size(); ++i) {
        int& side = result[rank - dims.size() + i];
        if (side != dims[i] && side != 1 && dims[i] != 1) fail_node(node_, "operands of different shapes");
        if (dims[i] != 1) side = dims[i];
      }
    return result;
  }
  /// Calls use(element of the result, elements of the operands).
  template <class Use>
  static void for_each(const std::vector<int>& dims, const std::vector<std::vector<std::size_t>>& steps, Use use) {
    std::vector<int> at(dims.size(), 0);
    std::vector<std::size_t> places(steps.size(), 0);
    for (std::size_t i = 0, count = count_of(dims); i < count; ++i) {
      use(i, places);
      for (std::size_t d = dims.size(); d-- > 0;) {
        for (std::size_t k = 0; k < steps.size(); ++k) places[k] += steps[k][d];
        if (++at[d] < dims[d]) break;
        for (std::size_t k = 0; k < steps.size(); ++k) places[k] -= steps[k][d] * std::size_t(dims[d]);
        at[d] = 0;
      }
    }
  }

  Constant binary() const {
    Constant left = in(0);
    for (std::size_t i = 1; i < inputs_.size(); ++i) left = combined(left, in(i));
    return left;
  }
  Constant combined(const Constant& a, const Constant& b) const {
    const std::string& op = node_.op;
    const bool whole = a.whole && b.whole, compares = op == "Equal" || op == "Greater" || op == "Less";
    Constant out = made(broadcast({a.dims, b.dims}), whole || compares);
    const std::vector<float> x = a.floats(), y = b.floats();
    const auto one = [&](float p, float q) -> float {
      if (op == "Add") return p + q;
      if (op == "Sub") return p - q;
      if (op == "Mul") return p * q;
      if (op == "Div") return whole ? (q == 0 ? 0 : std::trunc(p / q)) : p / q;
      if (op == "Pow") return std::pow(p, q);
      if (op == "Mod") return q == 0 ? 0 : whole ? p - std::floor(p / q) * q : std::fmod(p, q);
      if (op == "Max") return std::max(p, q);
      if (op == "Min") return std::min(p, q);
      if (op == "Equal") return p == q;
      if (op == "Greater") return p > q;
      if (op == "Less") return p < q;
      return op == "And" ? p != 0 && q != 0 : p != 0 || q != 0;
    };
    for_each(out.dims, {strides(a.dims, out.dims.size()), strides(b.dims, out.dims.size())},
             [&](std::size_t i, const std::vector<std::size_t>& at) { out.values[i] = one(x[at[0]], y[at[1]]); });
    return out;
  }

  Constant unary() const {
    Constant out{in(0).dims, in(0).floats(), {}, in(0).whole};
    const std::string& op = node_.op;
    for (float& v : out.values)
      v = op == "Neg"          ? -v
          : op == "Abs"        ? std::fabs(v)
          : op == "Sqrt"       ? std::sqrt(v)
          : op == "Exp"        ? std::exp(v)
          : op == "Floor"      ? std::floor(v)
          : op == "Ceil"       ? std::ceil(v)
          : op == "Round"      ? std::nearbyint(v)
          : op == "Not"        ? float(v == 0)
          : op == "Reciprocal" ? 1 / v
                               : v;
    return out;
  }

  Constant cast() const {
    constexpr int kFloat = 1, kHalf = 10, kDouble = 11, kBool = 9;
    const int to = node_.number("to", kFloat);
    Constant out{in(0).dims, in(0).floats(), {}, to != kFloat && to != kHalf && to != kDouble};
    if (out.whole && !in(0).whole)
      for (float& v : out.values) v = to == kBool ? float(v != 0) : std::trunc(v);
    return out;
  }

  Constant gather() const {
    const Constant &data = in(0), &indices = in(1);
    const std::size_t axis = axis_of(node_, node_.number("axis", 0), data.dims.size());
    std::vector<int> dims(data.dims.begin(), data.dims.begin() + std::ptrdiff_t(axis));
    dims.insert(dims.end(), indices.dims.begin(), indices.dims.end());
    dims.insert(dims.end(), data.dims.begin() + std::ptrdiff_t(axis) + 1, data.dims.end());
    Constant out = made(std::move(dims), data.whole);
    const std::vector<float> from = data.floats(), at = indices.floats();
    const std::size_t side = std::size_t(data.dims[axis]);
    std::size_t outer = 1, inner = 1;
    for (std::size_t d = 0; d < data.dims.size(); ++d)
      if (d != axis) (d < axis ? outer : inner) *= std::size_t(data.dims[d]);
    std::size_t to = 0;
    for (std::size_t o = 0; o < outer; ++o)
      for (const float index : at) {
        const double wanted = index < 0 ? index + double(side) : index;
        if (!(wanted >= 0) || wanted >= double(side)) fail_node(node_, "an index beyond the data");
        const auto begin = from.begin() + std::ptrdiff_t((o * side + std::size_t(wanted)) * inner);
        std::copy_n(begin, inner, out.values.begin() + std::ptrdiff_t(to));
        to += inner;
      }
    return out;
  }

  /// Elements of in(0) at `first` and then by `steps`, in the shape `dims`.
  Constant picked(std::vector<int> dims, std::size_t first, const std::vector<std::size_t>& steps) const {
    Constant out = made(std::move(dims), in(0).whole);
    const std::vector<float> from = in(0).floats();
    for_each(out.dims, {steps}, [&](std::size_t i, const std::vector<std::size_t>& at) {
      out.values[i] = from[first + at[0]];  // wraps around where a step is negative, and comes out right
    });
    return out;
  }
  static std::vector<std::size_t> dense_strides(const std::vector<int>& dims) {
    std::vector<std::size_t> steps(dims.size(), 1);
    for (std::size_t i = dims.size(); i-- > 1;) steps[i - 1] = steps[i] * std::size_t(dims[i]);
    return steps;
  }

  Constant slice() const {
    const auto starts = list(node_, "starts", inputs_, 1), ends = list(node_, "ends", inputs_, 2),
               axes = list(node_, "axes", inputs_, 3), steps = list(node_, "steps", inputs_, 4);
    if (!starts || !ends || starts->size() != ends->size()) fail_node(node_, "without a start and an end");
    std::vector<int> dims = in(0).dims;
    std::vector<std::size_t> strides = dense_strides(dims);
    std::size_t first = 0;
    for (std::size_t i = 0; i < starts->size(); ++i) {
      if ((axes && i >= axes->size()) || (steps && i >= steps->size())) fail_node(node_, "lists of different lengths");
      const std::size_t axis = axis_of(node_, axes ? (*axes)[i] : std::int64_t(i), dims.size());
      const Range taken = range((*starts)[i], (*ends)[i], steps ? (*steps)[i] : 1, dims[axis]);
      first += std::size_t(taken.first) * strides[axis];
      strides[axis] *= std::size_t(taken.step);
      dims[axis] = int(taken.count);
    }
    if (count_of(dims) == 0) return made(std::move(dims), in(0).whole);
    return picked(std::move(dims), first, strides);
  }

  Constant concat() const {
    std::vector<int> dims = in(0).dims;
    const std::size_t axis = axis_of(node_, node_.number("axis", 0), dims.size());
    dims[axis] = 0;
    std::size_t outer = 1;
    for (std::size_t d = 0; d < axis; ++d) outer *= std::size_t(dims[d]);
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      if (in(i).dims.size() != dims.size()) fail_node(node_, "operands of different ranks");
      for (std::size_t d = 0; d < dims.size(); ++d)
        if (d != axis && in(i).dims[d] != dims[d]) fail_node(node_, "operands of different shapes");
      dims[axis] += in(i).dims[axis];
    }
    Constant out = made(std::move(dims), in(0).whole);
    auto to = out.values.begin();
    std::vector<std::vector<float>> parts;
    for (std::size_t i = 0; i < inputs_.size(); ++i) parts.push_back(in(i).floats());
    for (std::size_t o = 0; o < outer; ++o)
      for (const auto& part : parts) {
        const std::size_t run = part.size() / outer;
        to = std::copy_n(part.begin() + std::ptrdiff_t(o * run), run, to);
      }
    return out;
  }

  Constant reshape() const {
    Dims sides;
    for (const int side : in(0).dims) sides.push_back(side);
    const std::optional<Dims> to = reshaped(node_, sides, inputs_);
    if (!to) fail_node(node_, "without a shape");
    Constant out{{to->begin(), to->end()}, in(0).values, in(0).halves, in(0).whole};
    if (count_of(out.dims) != count_of(in(0).dims)) fail_node(node_, "a shape of another size");
    return out;
  }

  Constant transpose() const {
    const std::vector<int>& dims = in(0).dims;
    const auto order = node_.numbers.find("perm");
    std::vector<int> to;
    std::vector<std::size_t> strides = dense_strides(dims), steps;
    for (std::size_t i = 0; i < dims.size(); ++i) {
      if (order != node_.numbers.end() && order->second.size() != dims.size())
        fail_node(node_, "an order of other axes");
      const std::size_t from = order == node_.numbers.end()
                                   ? dims.size() - 1 - i
                                   : axis_of(node_, std::int64_t(order->second[i]), dims.size());
      to.push_back(dims[from]);
      steps.push_back(strides[from]);
    }
    if (count_of(to) != count_of(dims)) fail_node(node_, "an order that names an axis twice");
    return picked(std::move(to), 0, steps);
  }

  std::vector<int> shape_in(std::size_t i) const {
    std::vector<int> dims;
    for (const float side : in(i).floats()) {
      if (!(side >= 0) || side > float(1 << 28)) fail_node(node_, "an impossible shape");
      dims.push_back(int(side));
    }
    return dims;
  }
  Constant expand() const {
    const std::vector<int> dims = broadcast({in(0).dims, shape_in(1)});
    return picked(dims, 0, strides(in(0).dims, dims.size()));
  }
  Constant constant_of_shape() const {
    const auto value = node_.numbers.find("value"), whole = node_.numbers.find("whole");
    Constant out = made(shape_in(0), whole != node_.numbers.end() && !whole->second.empty() && whole->second[0] != 0);
    const float number = value == node_.numbers.end() || value->second.empty() ? 0.f : value->second[0];
    std::fill(out.values.begin(), out.values.end(), number);
    return out;
  }
  Constant range_of() const {
    const auto number = [&](std::size_t i) {
      const std::vector<float> values = in(i).floats();
      if (values.size() != 1) fail_node(node_, "a limit that is no single number");
      return double(values[0]);
    };
    const double start = number(0), limit = number(1), delta = number(2);
    const double count = delta == 0 ? 0 : std::max(0., std::ceil((limit - start) / delta));
    if (!(count <= double(1 << 24))) fail_node(node_, "a range that is too long");
    Constant out = made({int(count)}, in(0).whole);
    for (std::size_t i = 0; i < out.values.size(); ++i) out.values[i] = float(start + double(i) * delta);
    return out;
  }
  Constant where() const {
    const Constant &condition = in(0), &a = in(1), &b = in(2);
    Constant out = made(broadcast({condition.dims, a.dims, b.dims}), a.whole);
    const std::vector<float> c = condition.floats(), x = a.floats(), y = b.floats();
    const std::size_t rank = out.dims.size();
    for_each(out.dims, {strides(condition.dims, rank), strides(a.dims, rank), strides(b.dims, rank)},
             [&](std::size_t i, const std::vector<std::size_t>& at) {
               out.values[i] = c[at[0]] != 0 ? x[at[1]] : y[at[2]];
             });
    return out;
  }

  Constant reduce() const {
    const std::vector<int>& dims = in(0).dims;
    std::vector<bool> goes(dims.size(), false);
    const auto axes = list(node_, "axes", inputs_, 1);
    if (!axes || axes->empty()) goes.assign(dims.size(), true);
    for (const std::int64_t axis : axes.value_or(std::vector<std::int64_t>()))
      goes[axis_of(node_, axis, dims.size())] = true;
    const bool keep = node_.number("keepdims", 1) != 0;
    std::vector<int> kept, to;
    for (std::size_t d = 0; d < dims.size(); ++d) {
      kept.push_back(goes[d] ? 1 : dims[d]);
      if (keep || !goes[d]) to.push_back(kept.back());
    }
    Constant out = made(std::move(to), in(0).whole);
    const std::string& op = node_.op;
    const float start = op == "ReduceProd" ? 1 : op == "ReduceSum" ? 0 : op == "ReduceMax" ? -INFINITY : INFINITY;
    std::fill(out.values.begin(), out.values.end(), start);
    const std::vector<float> from = in(0).floats();
    for_each(dims, {strides(kept, dims.size())}, [&](std::size_t i, const std::vector<std::size_t>& at) {
      float& sum = out.values[at[0]];
      const float v = from[i];
      sum = op == "ReduceProd"  ? sum * v
            : op == "ReduceSum" ? sum + v
            : op == "ReduceMax" ? std::max(sum, v)
                                : std::min(sum, v);
    });
    return out;
  }

  const Node& node_;
  const Inputs& inputs_;
};

}  // namespace

std::optional<Constant> evaluate(const Node& node, const Inputs& inputs) { return Evaluator(node, inputs).run(); }

std::optional<std::vector<std::int64_t>> list(const Node& node, const char* name, const Inputs& inputs,
                                              std::size_t index) {
  std::vector<float> values;
  if (const auto attribute = node.numbers.find(name); attribute != node.numbers.end())
    values = attribute->second;
  else if (index < inputs.size() && inputs[index])
    values = inputs[index]->floats();
  else
    return {};
  std::vector<std::int64_t> whole;
  constexpr float kMost = 9e18f;  // ONNX writes "to the end" as the largest number there is
  for (const float value : values) {
    if (!std::isfinite(value)) fail_node(node, std::string(name) + " is no list of whole numbers");
    whole.push_back(static_cast<std::int64_t>(std::clamp(value, -kMost, kMost)));
  }
  return whole;
}

std::size_t axis_of(const Node& node, std::int64_t axis, std::size_t rank) {
  const std::int64_t positive = axis < 0 ? axis + std::int64_t(rank) : axis;
  if (positive < 0 || positive >= std::int64_t(rank)) fail_node(node, "there is no axis " + std::to_string(axis));
  return std::size_t(positive);
}

Range range(std::int64_t start, std::int64_t end, std::int64_t step, std::int64_t side) {
  if (step == 0) step = 1;
  const auto within = [&](std::int64_t at, std::int64_t least, std::int64_t most) {
    if (at < 0) at += side;
    return std::clamp(at, least, most);
  };
  const std::int64_t first = step > 0 ? within(start, 0, side) : within(start, 0, side - 1);
  const std::int64_t stop = step > 0 ? within(end, 0, side) : end < -side ? -1 : within(end, -1, side - 1);
  const std::int64_t distance = step > 0 ? stop - first : first - stop, stride = std::abs(step);
  return {first, step, distance <= 0 || side == 0 ? 0 : (distance - 1) / stride + 1};
}

}  // namespace calotype::network
