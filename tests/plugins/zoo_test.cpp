// SPDX-License-Identifier: Apache-2.0
// Networks of the families that people know, narrowed (make_zoo.py): every engine makes of them what ONNX Runtime does,
// or names the operator that it lacks.
#include <algorithm>
#include <filesystem>
#include <opencv2/core.hpp>
#include <regex>
#include <set>

#include "support.hpp"

using namespace calotype;

namespace {

struct Case {
  cv::Mat input, output;  ///< the output as one row
  double bf16;            ///< the difference that weights and inputs of bf16 make
};

/// As make_zoo.py makes it.
cv::Mat picture(const cv::Mat& shape) {
  cv::Mat tensor(std::vector<int>(shape.begin<int>(), shape.end<int>()), CV_32F);
  for (std::uint32_t i = 0; i < tensor.total(); ++i)
    tensor.ptr<float>()[i] = float(i * 2654435761u >> 8) / float(1 << 23) - 1;
  return tensor;
}

std::vector<Case> cases(const cv::FileNode& listed) {
  std::vector<Case> all;
  for (const cv::FileNode& node : listed) {
    cv::Mat shape, output;
    node["input"] >> shape;
    node["output"] >> output;
    all.push_back({picture(shape), output, double(node["bf16"])});
  }
  return all;
}

void expect_near(const cv::Mat& got, const Case& expected, const std::string& precision) {
  BOOST_REQUIRE_EQUAL(got.total(), expected.output.total());
  // Every layer rounds its results too: some layers' worth of what rounding the weights costs.
  const double bound = precision == "fp32" ? 1e-4 : 0.02 + 8 * expected.bf16;
  const int norm = precision == "fp32" ? cv::NORM_INF : cv::NORM_L2;
  BOOST_TEST(cv::norm(got.reshape(1, 1), expected.output, norm) <= bound * cv::norm(expected.output, norm));
}

/// False where the engine cannot.
bool run(Engine& engine, const std::filesystem::path& file, const std::string& precision,
         const std::vector<Case>& cases) {
  try {
    const auto session = engine.load(file, {"auto", {precision}, 0})->session();
    for (const Case& c : cases) BOOST_TEST_CONTEXT("input " << c.input.size) {
        TensorMap out;
        session->run({{"x", c.input}}, out);
        expect_near(out.at("y"), c, precision);
      }
    return true;
  } catch (const Error& e) {
    BOOST_TEST(e.code() == ErrorCode::unsupported, e.full_text());
    if (precision == "fp32")
      BOOST_TEST(std::regex_search(e.what(), std::regex("operator \\w+ of node \"n\\d+\"")), e.full_text());
    return false;
  }
}

bool has_engine(const std::string& name) {
  const auto engines = names(Kind::engine);
  return std::find(engines.begin(), engines.end(), name) != engines.end();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(zoo)

BOOST_AUTO_TEST_CASE(every_family_runs) {
  const std::filesystem::path folder = TEST_NETWORKS "/zoo";
  const cv::FileStorage expected((folder / "expected.yml").string(), cv::FileStorage::READ);
  BOOST_REQUIRE(expected.isOpened());
  for (const cv::FileNode& family : expected.root()) BOOST_TEST_CONTEXT(family.name()) {
      const auto file = folder / (family.name() + ".onnx");
      const std::vector<Case> all = cases(family);
      std::set<std::string> can;
      for (const std::string& name : names(Kind::engine)) {
        const auto engine = Registry::global().engine(name);
        if (engine->devices().empty()) continue;
        for (const std::string precision : {"fp32", "bf16", "fp16"}) BOOST_TEST_CONTEXT(name << " in " << precision)
        if (run(*engine, file, precision, all)) can.insert(name);
      }
      if (can.count("onednn") || !has_engine("openvino")) continue;
      BOOST_TEST(can.count("openvino") == 1u);
    }
}

BOOST_AUTO_TEST_SUITE_END()
