// SPDX-License-Identifier: Apache-2.0
// What networks from elsewhere are made of: every engine that runs it gives what OpenCV does, or what the ONNX standard
// says in small.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <opencv2/core.hpp>

#include "networks/operator_graphs.hpp"
#include "support.hpp"

using namespace calotype;
using onnx::attribute;
using onnx::numbers;

namespace {

/// A file that exists as long as the object.
struct WrittenNetwork {
  explicit WrittenNetwork(const onnx::Graph& graph)
      : path(std::filesystem::temp_directory_path() / ("calotype_operators_" + std::to_string(getpid()) + ".onnx")) {
    write_file(path.string(), graph.bytes(), true);
  }
  ~WrittenNetwork() { std::filesystem::remove(path); }
  std::filesystem::path path;
};

cv::Mat random_tensor(const std::vector<int>& shape) {
  cv::Mat x(shape, CV_32F);
  cv::RNG random(7);
  random.fill(x, cv::RNG::UNIFORM, -1, 1);
  return x;
}

/// Nothing where the engine cannot run it.
cv::Mat result_of(const std::string& engine, const onnx::Graph& graph, const cv::Mat& x, const std::string& precision) {
  const WrittenNetwork file(graph);
  try {
    TensorMap out;
    Registry::global().engine(engine)->load(file.path, {"auto", {precision}, 0})->session()->run({{"x", x}}, out);
    return out.at("y");
  } catch (const Error& e) {
    BOOST_TEST(e.code() == ErrorCode::unsupported, e.full_text());
    return {};
  }
}

/// Engines but OpenCV's that have a device here.
std::vector<std::string> engines() {
  std::vector<std::string> found;
  for (const std::string& name : names(Kind::engine))
    if (name != "opencv" && !Registry::global().engine(name)->devices().empty()) found.push_back(name);
  return found;
}

void expect_equal(const onnx::Graph& graph, const cv::Mat& x, const cv::Mat& expected) {
  int tested = 0;
  for (const std::string& engine : engines())
    for (const std::string precision : {"fp32", "bf16"}) {
      const cv::Mat got = result_of(engine, graph, x, precision);
      if (got.empty()) continue;
      BOOST_TEST_CONTEXT(engine << " in " << precision) {
        BOOST_REQUIRE_EQUAL(got.total(), expected.total());
        const double scale = cv::norm(expected.reshape(1, 1), cv::NORM_INF) + 1e-3;
        const double error = cv::norm(got.reshape(1, 1), expected.reshape(1, 1), cv::NORM_INF) / scale;
        BOOST_TEST(error < (precision == "fp32" ? 1e-4 : 3e-2));
      }
      tested += precision == "fp32";
    }
  BOOST_TEST((tested > 0 || engines().empty()));
}

using Build = std::function<void(onnx::Graph& graph)>;

onnx::Graph graph_of(const std::vector<int>& shape, const Build& build) {
  onnx::Graph graph;
  graph.input("x", shape);
  build(graph);
  graph.output("y");
  return graph;
}

constexpr int kChannels = 6;

}  // namespace

BOOST_AUTO_TEST_SUITE(operators)

BOOST_AUTO_TEST_CASE(as_opencv_has_them) {
  for (const auto& [name, graph] : operator_graphs()) BOOST_TEST_CONTEXT(name) {
      const cv::Mat x = random_tensor({kOperatorInput.begin(), kOperatorInput.end()});
      const cv::Mat expected = result_of("opencv", graph, x, "fp32");
      BOOST_REQUIRE(!expected.empty());
      expect_equal(graph, x, expected);
    }
}

BOOST_AUTO_TEST_CASE(a_convolution_takes_its_normalisation_along) {
  constexpr int kOutputs = 4;
  const std::vector<int> shape = {1, kChannels, 8, 10};
  const std::vector<float> variance = {0.5f, 1, 2, 3};
  const auto convolution = [](onnx::Graph& g, const std::string& output) {
    const std::string weights = g.constant({kOutputs, kChannels, 3, 3}, numbers(kOutputs * kChannels * 9));
    return g.node("Conv", {"x", weights},
                  {attribute("kernel_shape", std::vector<int>{3, 3}), attribute("pads", std::vector<int>{1, 1, 1, 1})},
                  output);
  };
  const onnx::Graph alone = graph_of({0, kChannels, 0, 0}, [&](onnx::Graph& g) { convolution(g, "y"); });
  const onnx::Graph both = graph_of({0, kChannels, 0, 0}, [&](onnx::Graph& g) {
    std::vector<std::string> inputs = {convolution(g, "made")};
    for (const std::uint64_t seed : {1, 2, 3}) inputs.push_back(g.constant({kOutputs}, numbers(kOutputs, seed)));
    inputs.push_back(g.constant({kOutputs}, variance));
    g.node("BatchNormalization", inputs, {}, "y");
  });
  const cv::Mat x = random_tensor(shape);
  cv::Mat expected = result_of("opencv", alone, x, "fp32").clone();
  BOOST_REQUIRE(!expected.empty());
  for (int c = 0; c < kOutputs; ++c) {
    cv::Mat plane(8, 10, CV_32F, expected.ptr(0, c));
    const std::size_t i = std::size_t(c);
    const double factor = numbers(kOutputs, 1)[i] / std::sqrt(variance[i] + 1e-5);
    plane = (plane - numbers(kOutputs, 3)[i]) * factor + numbers(kOutputs, 2)[i];
  }
  expect_equal(both, x, expected);
}

BOOST_AUTO_TEST_CASE(limits_are_inputs) {
  const std::vector<int> shape = {1, kChannels, 8, 10};
  const onnx::Graph graph = graph_of({0, kChannels, 0, 0}, [](onnx::Graph& g) {
    g.node("Clip", {"x", g.constant({}, {-0.25f}), g.constant({}, {0.5f})}, {}, "y");
  });
  const cv::Mat x = random_tensor(shape);
  cv::Mat expected = x.clone();
  for (float* v = expected.ptr<float>(); v != expected.ptr<float>() + expected.total(); ++v)
    *v = std::min(std::max(*v, -0.25f), 0.5f);
  expect_equal(graph, x, expected);
}

BOOST_AUTO_TEST_CASE(a_value_times_a_function_of_itself) {
  const std::vector<int> shape = {1, kChannels, 8, 10};
  const onnx::Graph graph = graph_of({0, kChannels, 0, 0}, [](onnx::Graph& g) {
    const std::string value = g.node("LeakyRelu", {"x"}, {attribute("alpha", 0.5f)});
    g.node("Mul", {value, g.node("Sigmoid", {value})}, {}, "y");
  });
  const cv::Mat x = random_tensor(shape);
  cv::Mat expected = x.clone();
  for (float* v = expected.ptr<float>(); v != expected.ptr<float>() + expected.total(); ++v) {
    if (*v < 0) *v *= 0.5f;
    *v /= 1 + std::exp(-*v);
  }
  expect_equal(graph, x, expected);
}

BOOST_AUTO_TEST_CASE(a_value_times_a_product_of_a_function_of_itself) {
  const std::vector<int> shape = {1, kChannels, 8, 10};
  const onnx::Graph graph = graph_of({0, kChannels, 0, 0}, [](onnx::Graph& g) {
    const std::string value = g.node("LeakyRelu", {"x"}, {attribute("alpha", 0.5f)});
    const std::string twice = g.node("Mul", {value, g.constant({1}, {2})});
    g.node("Mul", {value, g.node("HardSwish", {twice})}, {}, "y");
  });
  const cv::Mat x = random_tensor(shape);
  cv::Mat expected = x.clone();
  for (float* v = expected.ptr<float>(); v != expected.ptr<float>() + expected.total(); ++v) {
    if (*v < 0) *v *= 0.5f;
    *v *= 2 * *v * std::min(std::max(*v / 3 + 0.5f, 0.f), 1.f);
  }
  expect_equal(graph, x, expected);
}

BOOST_AUTO_TEST_CASE(every_picture_is_normalised_by_itself) {
  const std::vector<int> shape = {2, 3, 4, 5};
  const std::vector<float> factor = numbers(3), summand = numbers(3, 2);
  const onnx::Graph graph = graph_of({0, 3, 0, 0}, [&](onnx::Graph& g) {
    g.node("InstanceNormalization", {"x", g.constant({3}, factor), g.constant({3}, summand)}, {}, "y");
  });
  const cv::Mat x = random_tensor(shape);
  cv::Mat expected = x.clone();
  for (int n = 0; n < 2; ++n)
    for (int c = 0; c < 3; ++c) {
      cv::Mat plane(4, 5, CV_32F, expected.ptr(n, c));
      cv::Scalar mean, deviation;
      cv::meanStdDev(plane, mean, deviation);
      const double scale = factor[std::size_t(c)] / std::sqrt(deviation[0] * deviation[0] + 1e-5);
      plane = (plane - mean[0]) * scale + summand[std::size_t(c)];
    }
  expect_equal(graph, x, expected);
}

BOOST_AUTO_TEST_CASE(windows_at_the_edge) {
  const cv::Mat x(std::vector<int>{1, 1, 1, 5}, CV_32F);
  std::vector<float> row = {1, 5, 2, 4, 3};
  std::copy(row.begin(), row.end(), reinterpret_cast<float*>(x.data));
  const auto pooled = [&](const std::string& op, std::vector<std::string> attributes, std::vector<float> expected) {
    attributes.push_back(attribute("kernel_shape", std::vector<int>{1, 2}));
    attributes.push_back(attribute("strides", std::vector<int>{1, 2}));
    const onnx::Graph graph = graph_of({1, 1, 1, 5}, [&](onnx::Graph& g) { g.node(op, {"x"}, attributes, "y"); });
    BOOST_TEST_CONTEXT(op) expect_equal(graph, x, cv::Mat(expected, true));
  };
  pooled("MaxPool", {}, {5, 4});
  pooled("MaxPool", {attribute("ceil_mode", 1)}, {5, 4, 3});
  pooled("MaxPool", {attribute("auto_pad", "SAME_UPPER")}, {5, 4, 3});
  pooled("MaxPool", {attribute("auto_pad", "SAME_LOWER")}, {1, 5, 4});
  pooled("AveragePool", {attribute("ceil_mode", 1)}, {3, 3, 3});
  pooled("AveragePool", {attribute("pads", std::vector<int>{0, 1, 0, 0})}, {1, 3.5f, 3.5f});
  pooled("AveragePool", {attribute("pads", std::vector<int>{0, 1, 0, 0}), attribute("count_include_pad", 1)},
         {0.5f, 3.5f, 3.5f});
}

BOOST_AUTO_TEST_CASE(resized_pictures) {
  const cv::Mat x(std::vector<int>{1, 1, 1, 4}, CV_32F);
  for (int i = 0; i < 4; ++i) reinterpret_cast<float*>(x.data)[i] = float(i + 1);
  const auto resized = [&](const char* mode, const char* coordinates, float scale, std::vector<float> expected) {
    const onnx::Graph graph = graph_of({0, 1, 0, 0}, [&](onnx::Graph& g) {
      g.node("Resize", {"x", "", g.constant({4}, {1, 1, 1, scale})},
             {attribute("mode", mode), attribute("coordinate_transformation_mode", coordinates)}, "y");
    });
    BOOST_TEST_CONTEXT(mode << " " << coordinates << " " << scale) expect_equal(graph, x, cv::Mat(expected, true));
  };
  // From the examples of the standard, of one row.
  resized("linear", "half_pixel", 2, {1, 1.25f, 1.75f, 2.25f, 2.75f, 3.25f, 3.75f, 4});
  resized("linear", "align_corners", 2,
          {1, 1 + 3 / 7.f, 1 + 6 / 7.f, 1 + 9 / 7.f, 1 + 12 / 7.f, 1 + 15 / 7.f, 1 + 18 / 7.f, 4});
  resized("linear", "asymmetric", 2, {1, 1.5f, 2, 2.5f, 3, 3.5f, 4, 4});
  resized("nearest", "half_pixel", 2, {1, 1, 2, 2, 3, 3, 4, 4});
  resized("nearest", "asymmetric", 0.5f, {1, 3});
}

BOOST_AUTO_TEST_CASE(opencv_refuses_what_it_would_compute_otherwise) {
  const std::vector<int> shape = {1, kChannels, 8, 10}, three = {3, 3}, ones = {1, 1, 1, 1};
  const std::map<std::string, Build> cases = {
      {"zeros that count",
       [&](onnx::Graph& graph) {
         graph.node("AveragePool", {"x"},
                    {attribute("kernel_shape", three), attribute("pads", ones), attribute("count_include_pad", 1)},
                    "y");
       }},
      {"a dilated pool",
       [&](onnx::Graph& graph) {
         graph.node("MaxPool", {"x"},
                    {attribute("kernel_shape", three), attribute("dilations", std::vector<int>{2, 2})}, "y");
       }},
      {"a scale that is no whole number",
       [&](onnx::Graph& graph) {
         graph.node("Resize", {"x", "", graph.constant({4}, {1, 1, 1.5f, 0.7f})}, {attribute("mode", "linear")}, "y");
       }},
  };
  for (const auto& [name, build] : cases) BOOST_TEST_CONTEXT(name)
  BOOST_TEST(result_of("opencv", graph_of(shape, build), random_tensor(shape), "fp32").empty());
}

BOOST_AUTO_TEST_CASE(opencv_gets_graphs_folded) {
  const std::vector<int> shape = {2, kChannels, 8, 10};
  const onnx::Graph graph = graph_of(shape, [](onnx::Graph& g) {
    const std::string limited = g.node("Clip", {"x", g.constant({}, {-0.5f}), g.constant({}, {0.5f})});
    g.node("Transpose", {limited}, {attribute("perm", std::vector<int>{0, 2, 3, 1})}, "y");
  });
  const cv::Mat x = random_tensor(shape), got = result_of("opencv", graph, x, "fp32");
  BOOST_REQUIRE_EQUAL(got.total(), x.total());
  const auto at = [&](const cv::Mat& m, int n, int c, int y, int i, int sides[3]) {
    return m.ptr<float>()[((n * sides[0] + c) * sides[1] + y) * sides[2] + i];
  };
  int given[3] = {kChannels, 8, 10}, turned[3] = {8, 10, kChannels}, wrong = 0;
  for (int n = 0; n < 2; ++n)
    for (int c = 0; c < kChannels; ++c)
      for (int y = 0; y < 8; ++y)
        for (int i = 0; i < 10; ++i)
          wrong += at(got, n, y, i, c, turned) != std::clamp(at(x, n, c, y, i, given), -0.5f, 0.5f);
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_SUITE_END()
