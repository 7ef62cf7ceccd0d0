// SPDX-License-Identifier: Apache-2.0
#include "checked.hpp"

#include "calotype/error.hpp"
#include "fold.hpp"
#include "graph.hpp"

namespace calotype::network {

std::shared_ptr<const Program> checked_program(const std::filesystem::path& onnx) {
  try {
    Graph graph = read_onnx(onnx);
    fold(graph, free_sizes(graph));
    auto program = std::make_shared<Program>(fuse(std::move(graph)));
    program->drop_weights();
    return program;
  } catch (const Error& e) {
    if (e.code() != ErrorCode::unsupported) throw;
    return nullptr;
  }
}

}  // namespace calotype::network
