// SPDX-License-Identifier: Apache-2.0
#include "model_writer.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "calotype/io.hpp"
#include "onnx_writer.hpp"

using calotype::Bytes;

namespace {

constexpr int kChannels = 4, kHyperChannels = 2, kAnchors = 2;

std::string xxh128(const Bytes& bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  std::string hex;
  for (const unsigned char byte : canonical.digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

/// Small ones that differ.
std::vector<float> weights(int count) {
  std::vector<float> values;
  for (int i = 0; i < count; ++i) values.push_back(float(i * 7 % 11 - 5) / 64);
  return values;
}

}  // namespace

void write_model(const std::filesystem::path& folder, const std::string& task, const ModelParts& parts, int halo) {
  std::filesystem::create_directories(folder);
  std::string manifest = "[model]\nid=tiny\ntask=" + task + "\n[part]\n";
  for (const auto& [name, bytes] : parts) {
    const std::string file = name + (name == "entropy" ? ".bin" : ".onnx");
    calotype::write_file((folder / file).string(), bytes, true);
    manifest += name + "=" + file + "\n" + name + "_xxh128=" + xxh128(bytes) + "\n";
  }
  manifest += "[tile]\nmultiple=4\nhalo=" + std::to_string(halo) + "\nsize=64\n";
  calotype::write_file((folder / "model.ini").string(), {manifest.begin(), manifest.end()}, true);
}

Bytes tiny_network(const NetworkShape& shape) {
  onnx::Graph graph;
  graph.input("x", shape.inputs);
  std::vector<int> dims = {shape.outputs, shape.inputs, shape.kernel, shape.kernel};
  if (shape.op == "ConvTranspose") std::swap(dims[0], dims[1]);
  graph.output(graph.node(shape.op, {"x", graph.constant(dims, weights(dims[0] * dims[1] * dims[2] * dims[3]))},
                          {onnx::attribute("kernel_shape", {shape.kernel, shape.kernel}),
                           onnx::attribute("strides", {shape.kernel, shape.kernel})},
                          shape.output));
  return graph.bytes();
}

std::map<std::string, NetworkShape> tiny_codec_networks() {
  return {{"analysis", {"Conv", 3, kChannels, 16}},
          {"hyper_analysis", {"Conv", 2 * kChannels, kHyperChannels, 4}},
          {"hyper_mean", {"ConvTranspose", kHyperChannels, kChannels, 4}},
          {"context_1", {"Conv", 2 * kChannels, kChannels, 1}},
          {"context_2", {"Conv", 2 * kChannels, kChannels, 1}},
          {"context_3", {"Conv", 2 * kChannels, kChannels, 1}},
          {"synthesis", {"ConvTranspose", kChannels, 3, 16}}};
}

calotype::Bytes tiny_gradient(int channels) {
  const NetworkShape synthesis = tiny_codec_networks().at("synthesis");
  const int side = synthesis.kernel, area = side * side;
  const std::vector<std::string> attributes = {onnx::attribute("kernel_shape", {side, side}),
                                               onnx::attribute("strides", {side, side})};
  const auto kernel = [&](int outputs, int inputs) { return std::vector<int>{outputs, inputs, side, side}; };
  onnx::Graph graph;
  graph.input("x", synthesis.inputs);
  graph.input("target", synthesis.outputs);
  const std::string made = graph.node(synthesis.op,
                                      {"x", graph.constant(kernel(synthesis.inputs, synthesis.outputs),
                                                           weights(synthesis.inputs * synthesis.outputs * area))},
                                      attributes);
  graph.output(graph.node("Sub", {"target", made}, {}, "error"));
  graph.output(graph.node(
      "Conv",
      {"error", graph.constant(kernel(channels, synthesis.outputs), weights(channels * synthesis.outputs * area))},
      attributes, "gradient"));
  return graph.bytes();
}

RecordsWriter tiny_codec_tables(int hyper_shuffles) {
  RecordsWriter file;
  const std::vector<int> shape = {kAnchors, kChannels};
  const auto same = [](int count, auto value) { return std::vector<decltype(value)>(std::size_t(count), value); };
  const auto stack = [&](const std::string& name, const std::vector<int>& channels, int shuffles) {
    for (int i = 0; i + 1 < int(channels.size()); ++i) {
      const int shuffle = i < shuffles ? 2 : 1, inputs = channels[std::size_t(i)];
      const int outputs = channels[std::size_t(i) + 1] * shuffle * shuffle;
      const std::string prefix = name + "." + std::to_string(i);
      file.add_kernel(prefix + ".weight", {outputs, inputs, 1, 1}, same(outputs * inputs, std::int16_t(3)));
      file.add(prefix + ".bias", {outputs}, same(outputs, 40));
      file.add(prefix + ".spec", {4}, {shuffle, 0, 2, 448});
    }
  };
  file.add("scale_bias", shape, same(kAnchors * kChannels, 20));
  stack("hyper", {kHyperChannels, kChannels, kChannels}, hyper_shuffles);
  for (const char* name : {"context1", "context2", "context3"}) stack(name, {2 * kChannels, kChannels}, 0);
  std::vector<std::int32_t> frequencies;
  for (int row = 0; row < 64; ++row)
    for (const int f : {(1 << 15) - 5 * (row + 1), row + 1, row + 1, row + 1, row + 1, row + 1})
      frequencies.push_back(f);
  file.add("symbol.freq", {64, 6}, frequencies);
  file.add("hyper.freq", {kHyperChannels, 6}, {frequencies.begin(), frequencies.begin() + 6 * kHyperChannels});
  file.add("symbol.shift", {64}, same(64, 0)).add("symbol.skip", {1}, {2});
  file.add_narrow("magnitude", same(256, std::int16_t(64))).add_narrow("fill", same(577, std::int16_t(32)));
  file.add("predict.scale", {1}, {-8}).add("predict.weight", {1, 4}, {64, 64, 64, 64});
  for (const char* name : {"gain", "inverse", "norm"})
    file.add_floats(name, shape, same(kAnchors * kChannels, name == std::string("gain") ? 4.f : -4.f));
  file.add_floats("mu", {1}, {0.1f}).add_floats("lambda", {kAnchors}, {0.01f, 0.02f});
  return file;
}

ModelParts tiny_codec() {
  ModelParts parts = {{"entropy", tiny_codec_tables().bytes}};
  for (const auto& [part, shape] : tiny_codec_networks()) parts[part] = tiny_network(shape);
  parts["synthesis_gradient"] = tiny_gradient(kChannels);
  return parts;
}

ModelParts tiny_restorer() { return {{"restore", tiny_network({"Conv", 4, 3, 1})}}; }
