// SPDX-License-Identifier: Apache-2.0
// ONNX files as engine_cudnn runs them, on the processor.
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <opencv2/core.hpp>

#include "calotype/io.hpp"
#include "calotype/registry.hpp"
#include "host_device.hpp"
#include "network/fold.hpp"
#include "networks/operator_graphs.hpp"
#include "networks/random_network.hpp"

using namespace calotype;
using namespace calotype::network;

namespace {

/// A file that exists as long as the object.
struct NetworkFile {
  explicit NetworkFile(const Bytes& onnx)
      : path(std::filesystem::temp_directory_path() / ("calotype_gpu_" + std::to_string(::getpid()) + ".onnx")) {
    write_file(path.string(), onnx, true);
  }
  ~NetworkFile() { std::filesystem::remove(path); }
  std::filesystem::path path;
};

Program program_of(const std::filesystem::path& file, const Shape& input) {
  Graph graph = read_onnx(file);
  BOOST_TEST(fold(graph, {{"x", Dims(input.begin(), input.end())}}));
  return fuse(std::move(graph));
}

std::vector<double> result_of_opencv(const std::filesystem::path& file, const Tensor& input) {
  cv::Mat x(4, input.shape.data(), CV_32F);
  std::copy(input.values.begin(), input.values.end(), x.ptr<float>());
  TensorMap out;
  Registry::global().engine("opencv")->load(file, {"cpu", {"fp32"}, 1})->session()->run({{"x", x}}, out);
  const float* const y = out.at("y").ptr<float>();
  return {y, y + out.at("y").total()};
}

void expect_equal(const std::vector<double>& got, const std::vector<double>& right, double tolerance) {
  BOOST_REQUIRE_EQUAL(got.size(), right.size());
  double worst = 0, largest = 1e-3;
  for (std::size_t i = 0; i < got.size(); ++i) {
    BOOST_REQUIRE(std::isfinite(got[i]));
    worst = std::max(worst, std::abs(got[i] - right[i]));
    largest = std::max(largest, std::abs(right[i]));
  }
  BOOST_TEST(worst < tolerance * largest);
}

void expect_opencvs(const std::filesystem::path& file, const Shape& shape) {
  const Tensor input = random_tensor(shape, 5);
  const std::vector<double> right = result_of_opencv(file, input);
  const Program program = program_of(file, shape);
  for (const bool library : {false, true})
    expect_equal(HostRun<float>(program, library)({input})[0].values, right, 1e-4);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(networks)

BOOST_AUTO_TEST_CASE(the_codecs_networks_as_another_engine_runs_them) {
  const std::pair<const char*, Shape> networks[] = {{"analysis", {1, 3, 48, 80}},
                                                    {"hyper_analysis", {1, 1024, 8, 4}},
                                                    {"hyper_mean", {1, 96, 3, 2}},
                                                    {"context_1", {1, 1024, 5, 3}},
                                                    {"synthesis", {1, 512, 3, 5}}};
  for (const auto& [name, shape] : networks)
    BOOST_TEST_CONTEXT(name) expect_opencvs(std::string(MODELS) + "/latent/" + name + ".onnx", shape);
}

BOOST_AUTO_TEST_CASE(operators_as_another_engine_runs_them) {
  for (const auto& [name, graph] : operator_graphs())
    BOOST_TEST_CONTEXT(name) expect_opencvs(NetworkFile(graph.bytes()).path, kOperatorInput);
}

BOOST_AUTO_TEST_CASE(random_networks_are_right) {
  for (unsigned seed = 0; seed < 100; ++seed) BOOST_TEST_CONTEXT("seed " << seed) {
      const RandomNetwork made = random_network(seed, 17);
      const Program program = program_of(NetworkFile(made.onnx).path, made.input);
      const Tensor input = random_tensor(made.input, seed);
      const auto expected = run_reference(program, {input});
      for (const bool library : {false, true}) {
        const auto got = HostRun<float>(program, library)({input});
        for (std::size_t k = 0; k < got.size(); ++k)
          expect_equal(got[k].values, expected[std::size_t(program.outputs[k].second)].values, 2e-4);
      }
    }
}

BOOST_AUTO_TEST_SUITE_END()
