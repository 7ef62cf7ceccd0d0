// SPDX-License-Identifier: Apache-2.0
#include "operator_graphs.hpp"

#include <functional>

namespace {

using onnx::attribute;
using onnx::numbers;

using Build = std::function<void(onnx::Graph& graph)>;

constexpr int kChannels = kOperatorInput[1];

}  // namespace

std::map<std::string, onnx::Graph> operator_graphs() {
  const auto node = [](const std::string& op, const std::vector<std::string>& attributes = {}) -> Build {
    return [=](onnx::Graph& graph) { graph.node(op, {"x"}, attributes, "y"); };
  };
  const auto with = [](const std::string& op, const std::vector<std::vector<float>>& constants,
                       const std::vector<std::string>& attributes = {}) -> Build {
    return [=](onnx::Graph& graph) {
      std::vector<std::string> inputs = {"x"};
      for (const auto& values : constants) inputs.push_back(graph.constant({int(values.size())}, values));
      graph.node(op, inputs, attributes, "y");
    };
  };
  const auto convolution = [](int group, const std::vector<int>& stride) -> Build {
    return [=](onnx::Graph& graph) {
      const std::string weights = graph.constant({12, kChannels / group, 3, 3}, numbers(12 * kChannels / group * 9));
      graph.node("Conv", {"x", weights},
                 {attribute("kernel_shape", std::vector<int>{3, 3}), attribute("pads", std::vector<int>{1, 1, 1, 1}),
                  attribute("group", group), attribute("strides", stride)},
                 "y");
    };
  };
  const std::vector<float> positive = {0.5f, 1, 1.5f, 2, 2.5f, 3};
  const std::map<std::string, Build> builds = {
      {"convolution of groups", convolution(2, {1, 2})},
      {"two results for each channel", convolution(kChannels, {2, 1})},
      {"Elu", node("Elu", {attribute("alpha", 0.7f)})},
      {"Tanh", node("Tanh")},
      {"Softmax", node("Softmax", {attribute("axis", 1)})},
      {"LRN", node("LRN", {attribute("size", 3), attribute("alpha", 0.3f)})},
      {"MaxPool", node("MaxPool", {attribute("kernel_shape", std::vector<int>{3, 3}),
                                   attribute("strides", std::vector<int>{2, 2}),
                                   attribute("pads", std::vector<int>{1, 1, 1, 1})})},
      {"AveragePool", node("AveragePool", {attribute("kernel_shape", std::vector<int>{2, 3}),
                                           attribute("strides", std::vector<int>{2, 1})})},
      {"GlobalAveragePool", node("GlobalAveragePool")},
      {"Flatten", node("Flatten")},
      {"Transpose", node("Transpose", {attribute("perm", std::vector<int>{0, 2, 3, 1})})},
      {"BatchNormalization",
       with("BatchNormalization", {numbers(kChannels), numbers(kChannels, 2), numbers(kChannels, 3), positive})},
      {"classifier",
       [&](onnx::Graph& graph) {
         const std::string flat = graph.node("Flatten", {graph.node("Relu", {"x"})});
         const std::string matrix = graph.constant({5, kChannels * 80}, numbers(5 * kChannels * 80));
         graph.node("Gemm", {flat, matrix, graph.constant({5}, numbers(5))}, {attribute("transB", 1)}, "y");
       }},
      {"squeeze and excitation",
       [&](onnx::Graph& graph) {
         const std::string weights = graph.constant({16, kChannels, 1, 1}, numbers(16 * kChannels));
         const std::string made = graph.node("Conv", {"x", weights}, {attribute("kernel_shape", std::vector<int>{1, 1})});
         const std::string mean = graph.node("GlobalAveragePool", {made});
         const std::string inner = graph.node("Conv", {mean, graph.constant({16, 16, 1, 1}, numbers(256))},
                                              {attribute("kernel_shape", std::vector<int>{1, 1})});
         graph.node("Mul", {made, graph.node("Sigmoid", {inner})}, {}, "y");
       }},
      {"joined rows",
       [](onnx::Graph& graph) {
         graph.node("Concat", {graph.node("Relu", {"x"}), "x"}, {attribute("axis", 2)}, "y");
       }},
  };

  std::map<std::string, onnx::Graph> graphs;
  for (const auto& [name, build] : builds) {
    onnx::Graph& graph = graphs[name];
    graph.input("x", {kOperatorInput.begin(), kOperatorInput.end()});
    build(graph);
    graph.output("y");
  }
  return graphs;
}
