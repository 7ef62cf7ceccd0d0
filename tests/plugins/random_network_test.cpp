// SPDX-License-Identifier: Apache-2.0
// Random networks give the same on every engine in every precision. CALOTYPE_NETWORKS is their number.
#include "networks/random_network.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <opencv2/core.hpp>

#include "support.hpp"

using namespace calotype;

namespace {

namespace fs = std::filesystem;

unsigned networks() {
  const char* given = std::getenv("CALOTYPE_NETWORKS");
  return given ? static_cast<unsigned>(std::atoi(given)) : 50;
}

cv::Mat tensor(const std::array<int, 4>& shape, float value) {
  return cv::Mat(4, shape.data(), CV_32F, cv::Scalar(double(value)));
}

/// Leaves NaN in all memory that the session works in, at this size and at a larger one.
void poison(Session& session, std::array<int, 4> shape) {
  TensorMap out;
  session.run({{"x", tensor(shape, std::numeric_limits<float>::quiet_NaN())}}, out);
  shape[2] += 8;
  shape[3] += 40;
  try {
    session.run({{"x", tensor(shape, std::numeric_limits<float>::quiet_NaN())}}, out);
  } catch (const Error& e) {  // of sides that are no multiples of something
    BOOST_TEST(e.code() == ErrorCode::engine, e.full_text());
  }
}

/// False where the engine cannot run the network.
bool check_engine(Engine& engine, const fs::path& file, const std::string& precision, const cv::Mat& x,
                  const TensorMap& expected) {
  std::shared_ptr<Network> network;
  try {
    network = engine.load(file, {"auto", {precision}, 0});
  } catch (const Error& e) {
    BOOST_TEST(e.code() == ErrorCode::unsupported, e.full_text());
    return false;
  }
  const auto session = network->session();
  TensorMap first, again;
  session->run({{"x", x}}, first);
  poison(*session, {x.size[0], x.size[1], x.size[2], x.size[3]});
  session->run({{"x", x}}, again);
  BOOST_REQUIRE_EQUAL(first.size(), expected.size());
  for (const auto& [name, right] : expected) {
    const cv::Mat& got = first.at(name);
    BOOST_REQUIRE(got.size == right.size);
    const double tolerance = precision == "fp32" ? 2e-4 : 0.12;
    BOOST_TEST(cv::norm(got, right, cv::NORM_INF) <= tolerance * (cv::norm(right, cv::NORM_INF) + 1e-3), name);
    BOOST_TEST(cv::norm(got, again.at(name), cv::NORM_INF) == 0,
               name << " depends on what ran before: " << cv::norm(got, again.at(name), cv::NORM_INF) << " of "
                    << cv::norm(got, cv::NORM_INF));
  }
  return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(random_networks)

BOOST_AUTO_TEST_CASE(engines_agree) {
  const fs::path file = fs::temp_directory_path() / ("calotype_random_" + std::to_string(::getpid()) + ".onnx");
  int ran = 0, refused = 0;  // in fp32
  for (unsigned seed = 0; seed < networks(); ++seed) BOOST_TEST_CONTEXT("seed " << seed) {
      const RandomNetwork made = random_network(seed);
      write_file(file.string(), made.onnx, true);
      cv::Mat x = tensor(made.input, 0);
      cv::RNG(seed + 1).fill(x, cv::RNG::UNIFORM, -1, 1);
      TensorMap expected;
      Registry::global().engine("opencv")->load(file, {})->session()->run({{"x", x}}, expected);
      for (const std::string& name : names(Kind::engine)) {
        const auto engine = Registry::global().engine(name);
        if (engine->devices().empty()) continue;
        for (const char* precision : {"fp32", "bf16", "fp16"}) BOOST_TEST_CONTEXT(name << " in " << precision) {
            const bool can = check_engine(*engine, file, precision, x, expected);
            if (precision == std::string("fp32")) ++(can ? ran : refused);
          }
      }
    }
  fs::remove(file);
  BOOST_TEST(ran > 20 * refused);
}

BOOST_AUTO_TEST_SUITE_END()
