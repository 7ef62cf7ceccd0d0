// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/wire.hpp"

namespace calotype::network {

/// The messages of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) that tensors are in.
enum class OnnxMessage { model, graph, node, attribute, tensor, sparse_tensor, function, training };

/// Calls `use` with every TensorProto of a model, in whatever part of it, as a Span. Throws corrupt for a file that is
/// no message, or one within more messages than protobuf reads.
template <class Use>
void for_each_tensor(Span message, Use use, OnnxMessage kind = OnnxMessage::model, int depth = 0) {
  using M = OnnxMessage;
  static constexpr struct {
    M holder;
    std::uint64_t number;
    M held;
  } kFields[] = {
      {M::model, 7, M::graph},
      {M::model, 20, M::training},
      {M::model, 25, M::function},
      {M::training, 1, M::graph},
      {M::training, 2, M::graph},
      {M::function, 7, M::node},
      {M::function, 11, M::attribute},
      {M::graph, 1, M::node},
      {M::graph, 5, M::tensor},
      {M::graph, 15, M::sparse_tensor},
      {M::node, 5, M::attribute},
      {M::attribute, 5, M::tensor},
      {M::attribute, 6, M::graph},
      {M::attribute, 10, M::tensor},
      {M::attribute, 11, M::graph},
      {M::attribute, 22, M::sparse_tensor},
      {M::attribute, 23, M::sparse_tensor},
      {M::sparse_tensor, 1, M::tensor},
      {M::sparse_tensor, 2, M::tensor},
  };
  constexpr int kDeepest = 100;
  if (depth > kDeepest) fail_damaged();
  if (kind == M::tensor) return use(message);
  for_each_field(message, [&](const Field& field) {
    for (const auto& known : kFields)
      if (known.holder == kind && known.number == field.number)
        for_each_tensor(field.payload, use, known.held, depth + 1);
  });
}

}  // namespace calotype::network
