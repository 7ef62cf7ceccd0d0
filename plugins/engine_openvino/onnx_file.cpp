// SPDX-License-Identifier: Apache-2.0
#include "onnx_file.hpp"

#include "calotype/onnx_tensors.hpp"
#include "network/tensor.hpp"

namespace calotype::openvino {
namespace {

using namespace network;

/// A parser joins messages that come in pieces, and takes other numbers than 1 for true: whatever speaks of another
/// file must do so in one piece.
void check_tensor(TensorFile& file, Span message) {
  bool speaks_of_another = false;
  for_each_field(message, [&](const Field& field) {
    speaks_of_another |= field.number == 13 || (field.number == 14 && field.value != 0);
  });
  if (speaks_of_another && !file.tensor(message).external) fail_damaged();
}

}  // namespace

void check_external_data(const std::filesystem::path& onnx) {
  TensorFile file(onnx);
  for_each_tensor(file.bytes(), [&](Span tensor) { check_tensor(file, tensor); });
}

std::string node_that_makes(const std::filesystem::path& onnx, const std::string& value) {
  std::string found = value;
  TensorFile file(onnx);
  for_each_field(file.bytes(), [&](const Field& graph) {
    if (graph.number == 7)
      for_each_field(graph.payload, [&](const Field& node) {
        if (node.number != 1) return;
        std::string name;
        bool makes = false;
        for_each_field(node.payload, [&](const Field& field) {
          if (field.number == 2) makes |= field.payload.text() == value;
          if (field.number == 3) name = field.payload.text();
        });
        if (makes && !name.empty()) found = name;
      });
  });
  return found;
}

}  // namespace calotype::openvino
