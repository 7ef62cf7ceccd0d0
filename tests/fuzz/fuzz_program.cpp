// SPDX-License-Identifier: Apache-2.0
// An ONNX file from a stranger as engines read it, up to the point where they would pack weights: folded, as a program,
// its shapes and its memory.
#include "calotype/calotype.hpp"
#include "directory.hpp"
#include "fuzz_target.hpp"
#include "network/fold.hpp"
#include "network/program.hpp"
#include "networks/model_writer.hpp"
#include "networks/operator_graphs.hpp"
#include "networks/random_network.hpp"

using namespace calotype;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Directory directory("program");
  const auto file = directory.path / "net.onnx";
  write_file(file.string(), Bytes(data, data + size), true);
  for (const int side : {-1, 12}) {  // free, then known
    try {
      network::Graph graph = network::read_onnx(file);
      auto sizes = network::free_sizes(graph);
      for (auto& [name, dims] : sizes)
        for (auto& d : dims) d = d < 0 ? side : d;
      network::fold(graph, sizes);
      const network::Program program = network::fuse(std::move(graph));
      const std::vector<network::Shape> inputs(program.inputs.size(), {1, 4, 12, 12});
      std::vector<std::size_t> bytes;
      for (const network::Shape& shape : program.shapes(inputs)) bytes.push_back(4 * network::elements(shape));
      network::plan_memory(program, bytes);
    } catch (const Error&) {
    }
  }
  return 0;
}

std::vector<Bytes> fuzz_seeds() {
  std::vector<Bytes> seeds = {tiny_codec().at("synthesis_gradient")};
  for (unsigned seed = 0; seed < 40; ++seed) seeds.push_back(random_network(seed, 4).onnx);
  for (const auto& [name, graph] : operator_graphs()) seeds.push_back(graph.bytes());
  return seeds;
}
