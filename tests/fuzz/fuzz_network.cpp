// SPDX-License-Identifier: Apache-2.0
// An ONNX file from a stranger: as a program, its shapes and its memory, and run by every engine where it is small.
#include <opencv2/core.hpp>

#include "calotype/calotype.hpp"
#include "directory.hpp"
#include "fuzz_target.hpp"
#include "network/fold.hpp"
#include "network/program.hpp"
#include "networks/model_writer.hpp"
#include "networks/random_network.hpp"

using namespace calotype;

namespace {

constexpr int kSide = 12;
constexpr std::size_t kMostRun = 1 << 16;  // elements of all values, so that engines are quick

/// Channels with which a program may begin.
int input_channels(const network::Program& program) {
  for (const network::Step& step : program.steps)
    if (step.kind == network::Step::Kind::convolution || step.kind == network::Step::Kind::transposed_convolution)
      return step.kind == network::Step::Kind::convolution ? step.weights.dims[1] * step.group : step.weights.dims[0];
  return 4;
}

/// The input's shapes if the program fits into memory, and whether it is small.
bool plan(const network::Program& program, const std::vector<network::Shape>& shapes) {
  std::vector<std::size_t> bytes;
  std::size_t all = 0;
  for (const network::Shape& shape : program.shapes(shapes)) {
    bytes.push_back(sizeof(float) * network::elements(shape));
    all += network::elements(shape);
  }
  network::plan_memory(program, bytes);
  return all <= kMostRun;
}

void run(Engine& engine, const std::filesystem::path& file, const TensorMap& in) {
  try {
    const auto session = engine.load(file, {"auto", {"fp32", "bf16"}, 1})->session();
    for (int i = 0; i < 2; ++i) {
      TensorMap out;
      session->run(in, out);
      for (const auto& [name, tensor] : out) cv::sum(tensor.reshape(1, 1));  // every number is there
    }
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Directory directory("network");
  const auto file = directory.path / "net.onnx";
  write_file(file.string(), Bytes(data, data + size), true);
  try {
    network::Graph graph = network::read_onnx(file);
    network::fold(graph, network::free_sizes(graph));
    const network::Program program = network::fuse(std::move(graph));
    const network::Shape shape{1, input_channels(program), kSide, kSide};
    if (!plan(program, std::vector<network::Shape>(program.inputs.size(), shape))) return 0;
    TensorMap in;
    for (const auto& [name, value] : program.inputs) in[name] = cv::Mat(4, shape.data(), CV_32F, cv::Scalar(0.5));
    for (const char* engine : {"onednn", "opencv"}) run(*Registry::global().engine(engine), file, in);
  } catch (const Error&) {
  }
  return 0;
}

std::vector<Bytes> fuzz_seeds() {
  std::vector<Bytes> seeds = {tiny_codec().at("synthesis_gradient")};
  for (unsigned seed = 0; seed < 40; ++seed) seeds.push_back(random_network(seed, 4).onnx);
  return seeds;
}
