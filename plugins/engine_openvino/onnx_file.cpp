// SPDX-License-Identifier: Apache-2.0
#include "onnx_file.hpp"

#include "network/tensor.hpp"

namespace calotype::openvino {
namespace {

using namespace network;

enum class Message { model, graph, node, attribute, tensor, sparse_tensor, function, training };

/// Fields of onnx.proto through which a model holds its tensors.
constexpr struct {
  Message holder;
  std::uint64_t number;
  Message held;
} kFields[] = {
    {Message::model, 7, Message::graph},
    {Message::model, 20, Message::training},
    {Message::model, 25, Message::function},
    {Message::training, 1, Message::graph},
    {Message::training, 2, Message::graph},
    {Message::function, 7, Message::node},
    {Message::function, 11, Message::attribute},
    {Message::graph, 1, Message::node},
    {Message::graph, 5, Message::tensor},
    {Message::graph, 15, Message::sparse_tensor},
    {Message::node, 5, Message::attribute},
    {Message::attribute, 5, Message::tensor},
    {Message::attribute, 6, Message::graph},
    {Message::attribute, 10, Message::tensor},
    {Message::attribute, 11, Message::graph},
    {Message::attribute, 22, Message::sparse_tensor},
    {Message::attribute, 23, Message::sparse_tensor},
    {Message::sparse_tensor, 1, Message::tensor},
    {Message::sparse_tensor, 2, Message::tensor},
};
constexpr int kDeepest = 100;  // that protobuf reads

/// A parser joins messages that come in pieces, and takes other numbers than 1 for true: whatever speaks of another
/// file must do so in one piece.
void check_tensor(TensorFile& file, Span message) {
  bool speaks_of_another = false;
  for_each_field(message, [&](const Field& field) {
    speaks_of_another |= field.number == 13 || (field.number == 14 && field.value != 0);
  });
  if (speaks_of_another && !file.tensor(message).external) fail_damaged();
}

void check(TensorFile& file, Span message, Message kind, int depth = 0) {
  if (depth > kDeepest) fail_damaged();
  if (kind == Message::tensor) return check_tensor(file, message);
  for_each_field(message, [&](const Field& field) {
    for (const auto& known : kFields)
      if (known.holder == kind && known.number == field.number) check(file, field.payload, known.held, depth + 1);
  });
}

}  // namespace

void check_external_data(const std::filesystem::path& onnx) {
  TensorFile file(onnx);
  check(file, file.bytes(), Message::model);
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
