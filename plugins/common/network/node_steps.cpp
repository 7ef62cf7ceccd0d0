// SPDX-License-Identifier: Apache-2.0
// https://onnx.ai/onnx/operators
#include "node_steps.hpp"

#include <cmath>
#include <map>

namespace calotype::network {
namespace {

using Kind = PostOp::Kind;
using Constants = std::function<std::vector<float>(std::size_t)>;

float number(const Node& node, const char* key, float otherwise) {
  const auto found = node.numbers.find(key);
  return found == node.numbers.end() || found->second.empty() ? otherwise : found->second[0];
}

std::string text(const Node& node, const char* key, const char* otherwise) {
  const auto found = node.strings.find(key);
  return found == node.strings.end() ? otherwise : found->second;
}

/// Of an attribute that is one of a few words.
template <class T>
T choice(const Node& node, const char* key, const char* otherwise, const std::map<std::string, T>& choices) {
  const std::string given = text(node, key, otherwise);
  const auto found = choices.find(given);
  if (found == choices.end()) refuse_node(node, std::string(key) + " \"" + given + "\"");
  return found->second;
}

Step begin(const Node& node, Step::Kind kind) {
  Step step;
  step.kind = kind;
  step.op = node.op;
  step.name = node.name;
  return step;
}

void check_within(const Node& node, std::initializer_list<int> values, int least, int most) {
  for (const int value : values)
    if (value < least || value > most) fail_node(node, "its attributes make no sense");
}

Step pooling(const Node& node) {
  Step step = begin(node, Step::Kind::pooling);
  step.average = node.op == "AveragePool" || node.op == "GlobalAveragePool";
  step.whole = node.op == "GlobalAveragePool" || node.op == "GlobalMaxPool";
  if (step.whole) return step;
  if (node.strings.count("auto_pad") && text(node, "auto_pad", "") != "NOTSET") refuse_node(node, "automatic padding");
  step.kernel = whole_numbers<2>(node, "kernel_shape", 1);
  step.stride = whole_numbers<2>(node, "strides", 1);
  step.dilation = whole_numbers<2>(node, "dilations", 1);
  step.pad = whole_numbers<4>(node, "pads", 0);
  for (std::size_t d = 0; d < 2; ++d) {
    check_within(node, {step.kernel[d], step.stride[d], step.dilation[d]}, 1, kMostAttribute);
    check_within(node, {step.pad[d], step.pad[d + 2]}, 0, step.dilation[d] * (step.kernel[d] - 1));
  }
  step.rounds_up = node.number("ceil_mode", 0) != 0;
  step.counts_padding = node.number("count_include_pad", 0) != 0;
  return step;
}

Step softmax(const Node& node) {
  if (node.number("axis", 1) != 1) refuse_node(node, "along channels only");
  Step step = begin(node, Step::Kind::softmax);
  if (node.op == "LogSoftmax") step.post.push_back({Kind::log});
  return step;
}

Step instance_normalisation(const Node& node, const Constants& constant) {
  Step step = begin(node, Step::Kind::instance_normalisation);
  const std::vector<float> factor = constant(1), summand = constant(2);
  if (factor.size() != summand.size()) fail_node(node, "its constants are of different lengths");
  step.numbers = {number(node, "epsilon", 1e-5f)};
  step.numbers.insert(step.numbers.end(), factor.begin(), factor.end());
  step.numbers.insert(step.numbers.end(), summand.begin(), summand.end());
  return step;
}

Step response_normalisation(const Node& node) {
  Step step = begin(node, Step::Kind::response_normalisation);
  const float size = number(node, "size", 0);
  if (!(size >= 1) || size > kMostAttribute) fail_node(node, "its size makes no sense");
  step.numbers = {number(node, "alpha", 1e-4f), number(node, "beta", 0.75f), number(node, "bias", 1), size};
  return step;
}

Step resize(const Node& node) {
  using C = Resize::Coordinates;
  using R = Resize::Rounding;
  Step step = begin(node, Step::Kind::resize);
  Resize& r = step.resize;
  r.linear = choice<bool>(node, "mode", "nearest", {{"nearest", false}, {"linear", true}, {"bilinear", true}});
  r.coordinates = choice<C>(node, "coordinate_transformation_mode", "half_pixel",
                            {{"half_pixel", C::half_pixel},
                             {"half_pixel_symmetric", C::half_pixel_symmetric},
                             {"pytorch_half_pixel", C::pytorch_half_pixel},
                             {"align_corners", C::align_corners},
                             {"asymmetric", C::asymmetric},
                             {"tf_half_pixel_for_nn", C::tf_half_pixel}});
  r.rounding = choice<R>(node, "nearest_mode", "round_prefer_floor",
                         {{"round_prefer_floor", R::prefer_floor},
                          {"round_prefer_ceil", R::prefer_ceil},
                          {"floor", R::floor},
                          {"ceil", R::ceil}});
  if (node.number("antialias", 0) != 0) refuse_node(node, "antialiasing");
  const auto scales = node.numbers.find("scales");
  if (scales == node.numbers.end() || scales->second.size() != 2) refuse_node(node, "scales that are not constant");
  for (std::size_t d = 0; d < 2; ++d) {
    r.scale[d] = scales->second[d];
    if (!(r.scale[d] > 0) || r.scale[d] > kMostAttribute) fail_node(node, "a scale that makes no sense");
  }
  r.size = whole_numbers<2>(node, "sizes", 0);
  check_within(node, {r.size[0], r.size[1]}, 0, kMostSide);
  return step;
}

Step padding(const Node& node) {
  Step step = begin(node, Step::Kind::padding);
  step.border = choice<Step::Border>(
      node, "mode", "constant",
      {{"constant", Step::Border::constant}, {"reflect", Step::Border::reflect}, {"edge", Step::Border::edge}});
  step.around = whole_numbers<8>(node, "pads", 0);
  for (const int side : step.around) check_within(node, {side}, -kMostAttribute, kMostAttribute);
  if (step.around[0] || step.around[4]) refuse_node(node, "along pictures and channels only");
  step.numbers = {number(node, "value", 0)};
  return step;
}

Step slice(const Node& node) {
  Step step = begin(node, Step::Kind::slice);
  if (!node.numbers.count("count")) refuse_node(node, "its limits are not constant");
  step.first = whole_numbers<4>(node, "first", 0);
  step.step = whole_numbers<4>(node, "step", 1);
  step.count = whole_numbers<4>(node, "count", 0);
  return step;
}

Step rearrangement(const Node& node) {
  Step step = begin(node, Step::Kind::rearrange);
  for (const float side : node.numbers.at("dims")) step.dims.push_back(whole(side));
  for (const float stride : node.numbers.at("strides")) step.strides.push_back(std::int64_t(stride));
  step.shape = whole_numbers<4>(node, "shape", 1);
  return step;
}

Step shuffle(const Node& node) {
  Step step = begin(node, node.op == "DepthToSpace" ? Step::Kind::depth_to_space : Step::Kind::space_to_depth);
  step.block = node.number("blocksize", 0);
  check_within(node, {step.block}, 1, kMostAttribute);
  step.columns_first = text(node, "mode", "DCR") == "CRD";
  return step;
}

}  // namespace

std::optional<std::vector<PostOp>> element_function(const Node& node) {
  const std::string& op = node.op;
  const auto one = [](Kind kind, std::vector<float> numbers = {}) {
    return std::vector<PostOp>{{kind, std::move(numbers)}};
  };
  if (op == "Relu") return one(Kind::leaky_relu, {0.f});
  if (op == "LeakyRelu") return one(Kind::leaky_relu, {number(node, "alpha", 0.01f)});
  if (op == "Clip") {
    if (node.inputs.size() > 1) refuse_node(node, "limits that are not constant");
    const float least = number(node, "min", -INFINITY), most = number(node, "max", INFINITY);
    return one(Kind::clamp, {least, most});
  }
  if (op == "Elu") return one(Kind::elu, {number(node, "alpha", 1)});
  if (op == "Abs") return one(Kind::abs);
  if (op == "Neg") return one(Kind::affine, {-1, 0});
  if (op == "Sigmoid") return one(Kind::sigmoid);
  if (op == "Tanh") return one(Kind::tanh);
  if (op == "Erf") return one(Kind::erf);
  if (op == "Exp") return one(Kind::exp);
  if (op == "Log") return one(Kind::log);
  if (op == "Sqrt") return one(Kind::sqrt);
  if (op == "Reciprocal") return one(Kind::reciprocal);
  if (op == "Softplus") return one(Kind::softplus);
  if (op == "Pow" && node.numbers.count("exponent")) return one(Kind::power, {number(node, "exponent", 1)});
  if (op == "ChannelAffine") {
    std::vector<float> numbers = node.numbers.at("factor");
    const std::vector<float>& offset = node.numbers.at("offset");
    numbers.insert(numbers.end(), offset.begin(), offset.end());
    return one(Kind::per_channel, std::move(numbers));
  }
  if (op == "HardSigmoid")
    return std::vector<PostOp>{{Kind::affine, {number(node, "alpha", 0.2f), number(node, "beta", 0.5f)}},
                               {Kind::clamp, {0, 1}}};
  if (op == "HardSwish")
    return std::vector<PostOp>{
        {Kind::keep}, {Kind::affine, {1 / 6.f, 0.5f}}, {Kind::clamp, {0, 1}}, {Kind::times_kept}};
  if (op == "Mish") return std::vector<PostOp>{{Kind::keep}, {Kind::softplus}, {Kind::tanh}, {Kind::times_kept}};
  if (op == "Gelu" && text(node, "approximate", "none") == "none")
    return std::vector<PostOp>{
        {Kind::keep}, {Kind::affine, {0.70710678f, 0}}, {Kind::erf}, {Kind::affine, {0.5f, 0.5f}}, {Kind::times_kept}};
  return {};
}

std::optional<Step> step_of(const Node& node, const Constants& constant) {
  const std::string& op = node.op;
  if (op == "Concat") {
    Step step = begin(node, Step::Kind::concatenate);
    step.axis = node.number("axis", 1);
    if (step.axis < 1 || step.axis > 3) refuse_node(node, "along pictures");
    return step;
  }
  if (op == "AveragePool" || op == "MaxPool" || op == "GlobalAveragePool" || op == "GlobalMaxPool")
    return pooling(node);
  if (op == "Softmax" || op == "LogSoftmax") return softmax(node);
  if (op == "InstanceNormalization") return instance_normalisation(node, constant);
  if (op == "LRN") return response_normalisation(node);
  if (op == "Resize") return resize(node);
  if (op == "Pad") return padding(node);
  if (op == "Slice") return slice(node);
  if (op == "Rearrange") return rearrangement(node);
  if (op == "DepthToSpace" || op == "SpaceToDepth") return shuffle(node);
  return {};
}

}  // namespace calotype::network
