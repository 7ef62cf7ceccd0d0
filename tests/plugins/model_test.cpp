// SPDX-License-Identifier: Apache-2.0
// Every network of every model gives the same on every engine, in every precision that its manifest allows: at odd
// sizes, in batches, after other shapes.
#include "calotype/model.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>

#include "calotype/tiling.hpp"
#include "network/program.hpp"
#include "support.hpp"

using namespace calotype;

namespace {

/// Channels of the first input, as the first convolution on it says.
int input_channels(const network::Program& program) {
  for (const network::Step& step : program.steps)
    if (step.kind == network::Step::Kind::convolution || step.kind == network::Step::Kind::transposed_convolution)
      if (std::count(step.in.begin(), step.in.end(), program.inputs[0].second) || program.inputs.size() == 1)
        return step.kind == network::Step::Kind::convolution ? step.weights.dims[1] * step.group : step.weights.dims[0];
  return 3;
}

/// A second input, where there is one, is a picture of the size that the codec's synthesis makes.
std::vector<network::Shape> input_shapes(const network::Program& program, int n, int h, int w) {
  std::vector<network::Shape> shapes{{n, input_channels(program), h, w}};
  for (std::size_t i = 1; i < program.inputs.size(); ++i) shapes.push_back({n, 3, 16 * h, 16 * w});
  return shapes;
}

/// Height of an output for an input of this height; 0 where the network's parts do not fit together.
int made(const network::Program& program, int output, int side) {
  try {
    return program.shapes(input_shapes(program, 1, side, side))[std::size_t(output)][2];
  } catch (const Error&) {
    return 0;
  }
}

/// Sides of inputs are multiples of this: the smallest power of two at which outputs keep their proportion.
int granularity(const network::Program& program) {
  int unit = 1;
  for (const auto& [name, output] : program.outputs)
    while (64 * made(program, output, 65 * unit) != 65 * unit * made(program, output, 64) && unit < 64) unit *= 2;
  return unit;
}

TensorMap random_inputs(const network::Program& program, const std::vector<network::Shape>& shapes) {
  TensorMap in;
  cv::RNG random(7);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    cv::Mat tensor(4, shapes[i].data(), CV_32F);
    random.fill(tensor, cv::RNG::UNIFORM, 0, 1);
    in[program.inputs[i].first] = tensor;
  }
  return in;
}

double rms(const cv::Mat& m) { return cv::norm(m, cv::NORM_L2) / std::sqrt(double(m.total())); }

void expect_near(const TensorMap& got, const TensorMap& expected, const std::string& precision) {
  BOOST_REQUIRE_EQUAL(got.size(), expected.size());
  for (const auto& [name, tensor] : expected) {
    BOOST_REQUIRE((got.at(name).size == tensor.size));
    BOOST_TEST_CONTEXT("output " << name) {
      const double error = rms(got.at(name) - tensor), size = std::max(0.1, rms(tensor));
      const bool jumps = name == "gradient";  // where a unit wakes or sleeps
      if (precision != "fp32")
        BOOST_CHECK_LE(error, (jumps ? 0.1 : 0.04) * size);  // eight bits of mantissa, some twenty layers
      else if (jumps)
        BOOST_CHECK_LE(error, 0.01 * size);  // one jump is half of that
      else
        BOOST_CHECK_LE(cv::norm(got.at(name), tensor, cv::NORM_INF),
                       2e-4 * std::max(1., cv::norm(tensor, cv::NORM_INF)));
    }
  }
}

/// Calls check(file, network, precision, halo).
template <class Check>
void for_each_network(Check check) {
  int tested = 0;
  for (const std::string& id : Model::list()) {
    const Manifest manifest = Model::open(id).manifest();
    for (const auto& [part, where] : manifest.parts) {
      if (where.file.extension() != ".onnx") continue;
      for (const std::string& name : names(Kind::engine)) {
        const auto engine = Registry::global().engine(name);
        if (engine->devices().empty()) continue;
        for (const std::string& precision : manifest.precisions) {
          std::shared_ptr<Network> network;
          try {
            network = engine->load(where.file, {"auto", {precision}, 0});
          } catch (const Error& e) {
            BOOST_TEST((e.code() == ErrorCode::unsupported), e.full_text());
            BOOST_TEST(precision != "fp32", name << " cannot run " << id << "/" << part << ": " << e.full_text());
            continue;
          }
          BOOST_TEST_CONTEXT(id << "/" << part << " on " << name << " in " << precision)
          check(where.file, *network, precision, manifest.tile.halo);
          ++tested;
        }
      }
    }
  }
  BOOST_TEST(tested > 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(models)

BOOST_AUTO_TEST_CASE(engines_agree_at_odd_sizes_and_in_batches) {
  for_each_network([](const std::filesystem::path& file, Network& network, const std::string& precision, int) {
    const network::Program program = network::fuse(network::read_onnx(file));
    const int unit = granularity(program);
    const auto reference = Registry::global().engine("opencv")->load(file, {})->session();
    const auto session = network.session();
    for (const cv::Vec3i& size : {cv::Vec3i(1, 3, 5), {1, 1, 1}, {2, 2, 3}, {1, 9, 21}, {1, 3, 5}}) {
      const auto shapes = input_shapes(program, size[0], size[1] * unit, size[2] * unit);
      BOOST_TEST_CONTEXT(shapes[0][0] << "x" << shapes[0][1] << "x" << shapes[0][2] << "x" << shapes[0][3]) {
        const TensorMap in = random_inputs(program, shapes);
        TensorMap got, expected;
        session->run(in, got);
        reference->run(in, expected);
        expect_near(got, expected, precision);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(tiles_make_the_whole) {
  for_each_network([](const std::filesystem::path& file, Network& network, const std::string& precision, int pixels) {
    const network::Program program = network::fuse(network::read_onnx(file));
    if (program.inputs.size() > 1 || program.outputs.size() > 1) return;
    const auto in_shapes = input_shapes(program, 1, 64, 64);
    const network::Shape out = program.shapes(in_shapes)[std::size_t(program.outputs[0].second)];
    if (in_shapes[0][1] != 3 && out[1] != 3) return;  // those that see or make pictures are tiled
    const double scale = out[2] / 64.;
    // The halo is in pixels; what a network for latents reads is 16 times as far apart.
    const int unit = granularity(program), halo = scale > 1 ? pixels / int(scale) : pixels;
    const TilePlan plan{3 * halo, halo, unit};
    const TensorMap in = random_inputs(program, input_shapes(program, 1, 5 * halo, 4 * halo));
    const auto session = network.session();
    TensorMap whole;
    session->run(in, whole);
    const cv::Mat tiled = run_tiled(*session, in.begin()->second, plan, scale);
    expect_near({{whole.begin()->first, tiled}}, whole, precision);
  });
}

BOOST_AUTO_TEST_SUITE_END()
