// SPDX-License-Identifier: Apache-2.0
// Networks as plugins/common/network reads them, and what engines make of those that were never meant to run.
#include <unistd.h>

#include <filesystem>
#include <opencv2/core.hpp>

#include "network/program.hpp"
#include "networks/onnx_writer.hpp"
#include "support.hpp"

using namespace calotype;

namespace {

namespace fs = std::filesystem;
using onnx::attribute;

/// A file that goes again.
class WrittenNetwork {
 public:
  explicit WrittenNetwork(const onnx::Graph& graph) { write_file(path.string(), graph.bytes(), true); }
  ~WrittenNetwork() { fs::remove(path); }
  WrittenNetwork(const WrittenNetwork&) = delete;
  WrittenNetwork& operator=(const WrittenNetwork&) = delete;

  const fs::path path = fs::temp_directory_path() / ("calotype_network_" + std::to_string(::getpid()) + ".onnx");
};

network::Program program_of(const onnx::Graph& graph) {
  return network::fuse(network::read_onnx(WrittenNetwork(graph).path));
}

/// A network from "x" to "y".
onnx::Graph graph_of(const std::string& op, const std::vector<std::string>& attributes, int channels) {
  onnx::Graph graph;
  graph.input("x", channels);
  graph.output(graph.node(op, {"x"}, attributes, "y"));
  return graph;
}

cv::Mat tensor(const std::vector<int>& shape) { return cv::Mat(shape, CV_32F, cv::Scalar(0)); }

/// How each engine ends that loads a network and runs it on a tensor.
void expect_refused(const onnx::Graph& graph, const std::vector<int>& shape, ErrorCode code) {
  const WrittenNetwork file(graph);
  int tested = 0;
  for (const std::string& name : names(Kind::engine)) {
    const auto engine = Registry::global().engine(name);
    if (engine->devices().empty()) continue;
    BOOST_TEST_CONTEXT(name)
    BOOST_TEST(code_of([&] {
                 TensorMap out;
                 engine->load(file.path, {})->session()->run({{"x", tensor(shape)}}, out);
               }) == code);
    ++tested;
  }
  BOOST_TEST(tested > 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(networks)

/// Backends find a value's maker by its number: magnitudes that a convolution reads by itself leave no gap.
BOOST_AUTO_TEST_CASE(values_are_inputs_then_one_per_step) {
  onnx::Graph graph;
  graph.input("x", 2);
  const std::string size = graph.node("Abs", {"x"});
  const std::string one = graph.constant({1, 2, 1, 1}, {1, 1});
  graph.output(graph.node("DepthToSpace", {graph.node("Concat", {graph.node("Conv", {size, one}), "x", "x"})},
                          {attribute("blocksize", 1)}, "y"));
  const network::Program program = program_of(graph);
  BOOST_TEST(program.values == 1 + int(program.steps.size()));
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    BOOST_TEST(program.steps[i].out == int(1 + i));
    for (const int in : program.steps[i].in) BOOST_TEST(in <= int(i));
  }
  BOOST_TEST(program.outputs[0].second == program.values - 1);
  BOOST_CHECK((program.shapes({{1, 2, 4, 3}}).back() == network::Shape{1, 5, 4, 3}));
}

BOOST_AUTO_TEST_CASE(cycles_are_refused) {
  const std::vector<std::vector<std::pair<const char*, const char*>>> cases = {
      {{"x", "x"}, {"x", "y"}},               // a name that is taken
      {{"a", "b"}, {"b", "a"}, {"a", "y"}},   // each the other's maker
      {{"x", "a"}, {"x", "a"}, {"a", "y"}}};  // two makers
  for (const auto& edges : cases) {
    onnx::Graph graph;
    graph.input("x", 4);
    for (const auto& [from, to] : edges) graph.node("Identity", {from}, {}, to);
    graph.output("y");
    expect_refused(graph, {1, 4, 4, 4}, ErrorCode::corrupt);
  }
}

BOOST_AUTO_TEST_CASE(blocks_beyond_reason_are_refused) {
  // 65536 squared is 0 in 32 bits.
  for (const char* op : {"DepthToSpace", "SpaceToDepth"})
    for (const int block : {0, -1, 65536, 1 << 30})
      expect_refused(graph_of(op, {attribute("blocksize", block)}, 4), {1, 4, 4, 4}, ErrorCode::corrupt);
}

BOOST_AUTO_TEST_CASE(attributes_that_are_no_whole_numbers_are_refused) {
  for (const float block : {1e30f, -1e30f, std::numeric_limits<float>::quiet_NaN()})
    expect_refused(graph_of("DepthToSpace", {attribute("blocksize", block)}, 4), {1, 4, 4, 4}, ErrorCode::corrupt);
}

BOOST_AUTO_TEST_CASE(more_channels_than_can_be_counted_are_refused) {
  // 65536 times as many, and one: 65536 in 32 bits.
  constexpr int kMany = 1 << 16;
  onnx::Graph graph;
  graph.input("x", 1);
  const std::string wide = graph.node("Conv", {"x", graph.constant({kMany, 1, 1, 1}, std::vector<float>(kMany, 1))},
                                      {attribute("kernel_shape", {1, 1})});
  graph.output(graph.node("Concat", std::vector<std::string>(kMany + 1, wide), {attribute("axis", 1)}, "y"));
  expect_refused(graph, {1, 1, 1, 1}, ErrorCode::limit);
}

BOOST_AUTO_TEST_CASE(sides_and_sizes_beyond_reason_are_refused) {
  onnx::Graph graph;
  graph.input("x", 1);
  std::string value = "x";
  const std::string one = graph.constant({1, 1, 1, 1}, {1});
  for (int i = 0; i < 4; ++i)  // each makes sides 1024 times as long
    value = graph.node("ConvTranspose", {value, one},
                       {attribute("strides", {1024, 1024}), attribute("output_padding", {1023, 1023})});
  graph.output(graph.node("Relu", {value}, {}, "y"));
  const network::Program program = program_of(graph);
  BOOST_TEST(code_of([&] { program.shapes({{1, 1, 1, 1}}); }) == ErrorCode::limit);
  BOOST_TEST(code_of([&] { program.shapes({{1 << 20, 1, 1 << 20, 1}}); }) == ErrorCode::limit);
  BOOST_TEST(code_of([&] { program.shapes({{1, 1, 1 << 25, 1}}); }) == ErrorCode::limit);
}

BOOST_AUTO_TEST_CASE(memory_that_no_machine_has_is_refused) {
  network::Program program;
  program.inputs = {{"x", 0}};
  program.values = 1;
  for (const std::size_t bytes : {std::size_t(1) << 47, SIZE_MAX - 63})
    BOOST_TEST(code_of([&] { network::plan_memory(program, {bytes}); }) == ErrorCode::limit);
}

BOOST_AUTO_TEST_CASE(kernels_and_groups_that_contradict_the_weights_are_refused) {
  const auto convolution = [](const std::vector<int>& weights, const std::vector<std::string>& attributes) {
    onnx::Graph graph;
    graph.input("x", 3);
    const std::size_t count = std::size_t(weights[0] * weights[1] * weights[2] * weights[3]);
    graph.output(graph.node("Conv", {"x", graph.constant(weights, std::vector<float>(count, 1))}, attributes, "y"));
    return graph;
  };
  const std::vector<int> input = {1, 3, 8, 8};
  expect_refused(convolution({4, 3, 3, 3}, {attribute("kernel_shape", {5, 5})}), input, ErrorCode::corrupt);
  expect_refused(convolution({4, 1, 3, 3}, {attribute("group", 3)}), input, ErrorCode::corrupt);
  expect_refused(convolution({4, 3, 1, 1}, {attribute("group", 1 << 24)}), input, ErrorCode::corrupt);
  expect_refused(convolution({4, 3, 1, 1}, {attribute("strides", {1, 1 << 27})}), input, ErrorCode::corrupt);
}

BOOST_AUTO_TEST_CASE(inputs_that_do_not_fit_are_refused) {
  onnx::Graph graph;
  graph.input("x", 3);
  graph.output(graph.node("Conv", {"x", graph.constant({4, 3, 1, 1}, std::vector<float>(12, 1))},
                          {attribute("kernel_shape", {1, 1})}, "y"));
  expect_refused(graph, {1, 2, 8, 8}, ErrorCode::engine);
  expect_refused(graph, {1, 1, 3, 8, 8}, ErrorCode::engine);
  graph = onnx::Graph();
  graph.input("x", 3);
  graph.output(graph.node("Concat", {}, {attribute("axis", 1)}, "y"));
  expect_refused(graph, {1, 3, 8, 8}, ErrorCode::corrupt);
}

BOOST_AUTO_TEST_CASE(two_dimensions_stand_for_four) {
  onnx::Graph graph;
  graph.input("x", 2);
  graph.output(
      graph.node("Conv", {"x", graph.constant({1, 2, 1, 1}, {1, 10})}, {attribute("kernel_shape", {1, 1})}, "y"));
  const WrittenNetwork file(graph);
  for (const std::string& name : names(Kind::engine)) {
    const auto engine = Registry::global().engine(name);
    if (engine->devices().empty()) continue;
    TensorMap out;
    engine->load(file.path, {})->session()->run({{"x", cv::Mat_<float>({3, 2}, {1, 2, 3, 4, 5, 6})}}, out);
    BOOST_TEST_CONTEXT(name) {
      BOOST_REQUIRE_EQUAL(out.at("y").total(), 3u);
      for (int n = 0; n < 3; ++n) BOOST_TEST(out.at("y").ptr<float>()[n] == 22 * n + 21);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
