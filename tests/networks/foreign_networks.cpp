// SPDX-License-Identifier: Apache-2.0
#include "foreign_networks.hpp"

#include <cstring>

#include "onnx_writer.hpp"

namespace {

using onnx::attribute;

constexpr int kBlur = 5;

/// outputs x inputs x side x side, 1 from each channel to itself.
std::vector<float> identity(int channels, int side, float value) {
  std::vector<float> weights(static_cast<std::size_t>(channels * channels * side * side));
  for (int c = 0; c < channels; ++c)
    for (int i = 0; i < side * side; ++i)
      weights[static_cast<std::size_t>((c * channels + c) * side * side + i)] = value;
  return weights;
}

std::vector<float> blur_kernel() { return identity(3, kBlur, 1.f / (kBlur * kBlur)); }

}  // namespace

calotype::Bytes doubler(int channels, int height, int width) {
  onnx::Graph graph;
  graph.input("image", {1, channels, height, width});
  graph.output(graph.node("ConvTranspose",
                          {"image", graph.constant({channels, channels, 2, 2}, identity(channels, 2, 1))},
                          {attribute("kernel_shape", {2, 2}), attribute("strides", {2, 2})}, "result"));
  return graph.bytes();
}

calotype::Bytes blur(int height, int width, const std::string& file) {
  onnx::Graph graph;
  graph.input("image", {1, 3, height, width});
  const std::vector<int> dims = {3, 3, kBlur, kBlur};
  const std::string weights = file.empty() ? graph.constant(dims, blur_kernel()) : graph.external_constant(dims, file);
  graph.output(graph.node("Conv", {"image", weights},
                          {attribute("kernel_shape", {kBlur, kBlur}), attribute("pads", {2, 2, 2, 2})}, "result"));
  return graph.bytes();
}

calotype::Bytes blur_weights() {
  const std::vector<float> kernel = blur_kernel();
  calotype::Bytes bytes(kernel.size() * sizeof(float));
  std::memcpy(bytes.data(), kernel.data(), bytes.size());
  return bytes;
}

calotype::Bytes negative(float white, bool channels_last) {
  onnx::Graph graph;
  graph.input("image", channels_last ? std::vector<int>{1, 0, 0, 3} : std::vector<int>{1, 3, 0, 0});
  const std::string planar =
      channels_last ? graph.node("Transpose", {"image"}, {attribute("perm", {0, 3, 1, 2})}) : "image";
  const std::string made = graph.node(
      "Conv", {planar, graph.constant({3, 3, 1, 1}, identity(3, 1, -1)), graph.constant({3}, {white, white, white})},
      {attribute("kernel_shape", {1, 1})}, channels_last ? "" : "result");
  if (channels_last) graph.node("Transpose", {made}, {attribute("perm", {0, 2, 3, 1})}, "result");
  graph.output("result");
  return graph.bytes();
}

calotype::Bytes halving() {
  onnx::Graph graph;
  graph.input("image", {1, 3, 0, 0});
  const std::vector<std::string> by_two = {attribute("kernel_shape", {2, 2}), attribute("strides", {2, 2})};
  const std::string half = graph.node("Conv", {"image", graph.constant({3, 3, 2, 2}, identity(3, 2, 0.125f))}, by_two);
  const std::string back = graph.node("ConvTranspose", {half, graph.constant({3, 3, 2, 2}, identity(3, 2, 1))}, by_two);
  const std::string whole = graph.node("Conv", {"image", graph.constant({3, 3, 1, 1}, identity(3, 1, 0.5f))},
                                       {attribute("kernel_shape", {1, 1})});
  graph.output(graph.node("Add", {whole, back}, {}, "result"));
  return graph.bytes();
}

calotype::Bytes colour_classifier(bool probabilities,
                                  const std::vector<std::pair<std::string, std::string>>& metadata) {
  onnx::Graph graph;
  graph.input("image", {1, 3, 6, 8});
  const std::string mean = graph.node("GlobalAveragePool", {"image"});
  const std::string scores =
      graph.node("Conv", {mean, graph.constant({3, 3, 1, 1}, identity(3, 1, 10))}, {attribute("kernel_shape", {1, 1})});
  const std::string flat = graph.node("Flatten", {scores}, {attribute("axis", 1)}, probabilities ? "" : "result");
  if (probabilities) graph.node("Softmax", {flat}, {attribute("axis", 1)}, "result");
  graph.output("result", {1, 3});
  for (const auto& [key, value] : metadata) graph.metadata(key, value);
  return graph.bytes();
}

calotype::Bytes lightness() {
  onnx::Graph graph;
  graph.input("image", {1, 3, 0, 0});
  graph.output(graph.node("Conv", {"image", graph.constant({1, 3, 1, 1}, {1 / 3.f, 1 / 3.f, 1 / 3.f})},
                          {attribute("kernel_shape", {1, 1})}, "result"));
  return graph.bytes();
}
