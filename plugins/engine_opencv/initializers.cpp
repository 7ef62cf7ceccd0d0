// SPDX-License-Identifier: Apache-2.0
// Walks the protobuf wire format (https://protobuf.dev/programming-guides/encoding) just far enough: model, graph,
// initializer.
#include "initializers.hpp"

#include <cstring>
#include <opencv2/core.hpp>

#include "network/wire.hpp"

namespace calotype {
namespace {

using namespace network;

/// Field numbers and values of onnx.proto.
constexpr std::uint64_t model_graph = 7, graph_initializer = 5, tensor_data_type = 2, tensor_raw_data = 9;
constexpr std::uint64_t type_fp32 = 1, type_fp16 = 10;

void put_varint(Bytes& to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) to.push_back(static_cast<std::uint8_t>(value | 0x80));
  to.push_back(static_cast<std::uint8_t>(value));
}

void put(Bytes& to, Span bytes) { to.insert(to.end(), bytes.begin, bytes.end); }

void put_message(Bytes& to, std::uint64_t number, const Bytes& payload) {
  put_varint(to, number << 3 | std::uint64_t(Wire::length_delimited));
  put_varint(to, payload.size());
  to.insert(to.end(), payload.begin(), payload.end());
}

bool is_half(Span tensor) {
  bool half = false;
  for_each_field(tensor, [&](const Field& field) {
    if (field.number == tensor_data_type) half = field.value == type_fp16;
  });
  return half;
}

bool has_half_weights(Span model) {
  bool found = false;
  for_each_field(model, [&](const Field& part) {
    if (part.number != model_graph) return;
    for_each_field(part.payload, [&](const Field& field) {
      if (field.number == graph_initializer) found = found || is_half(field.payload);
    });
  });
  return found;
}

void put_widened(Bytes& to, Span halves) {
  const int count = static_cast<int>(halves.size() / 2);
  put_varint(to, tensor_raw_data << 3 | std::uint64_t(Wire::length_delimited));
  put_varint(to, 4 * static_cast<std::uint64_t>(count));
  if (count == 0) return;
  cv::Mat half(1, count, CV_16F), single;
  std::memcpy(half.data, halves.begin, 2 * static_cast<std::size_t>(count));
  half.convertTo(single, CV_32F);
  put(to, {single.data, single.data + 4 * static_cast<std::size_t>(count)});
}

Bytes widened_tensor(Span tensor) {
  if (!is_half(tensor)) return Bytes(tensor.begin, tensor.end);
  Bytes result;
  result.reserve(2 * tensor.size());
  for_each_field(tensor, [&](const Field& field) {
    if (field.number == tensor_data_type) {
      put_varint(result, tensor_data_type << 3 | std::uint64_t(Wire::varint));
      put_varint(result, type_fp32);
    } else if (field.number == tensor_raw_data) {
      put_widened(result, field.payload);
    } else {
      put(result, field.whole);
    }
  });
  return result;
}

/// Copies a message, with every field `number` rewritten.
template <class Rewrite>
Bytes rewrite_fields(Span message, std::uint64_t number, Rewrite rewrite) {
  Bytes result;
  result.reserve(2 * message.size());
  for_each_field(message, [&](const Field& field) {
    if (field.number == number)
      put_message(result, number, rewrite(field.payload));
    else
      put(result, field.whole);
  });
  return result;
}

}  // namespace

Bytes with_fp32_weights(Bytes onnx) {
  const Span model{onnx.data(), onnx.data() + onnx.size()};
  if (!has_half_weights(model)) return onnx;
  return rewrite_fields(model, model_graph,
                        [](Span graph) { return rewrite_fields(graph, graph_initializer, widened_tensor); });
}

}  // namespace calotype
