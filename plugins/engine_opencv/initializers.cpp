// SPDX-License-Identifier: Apache-2.0
// Walks the protobuf wire format (https://protobuf.dev/programming-guides/encoding) just far enough: model, graph,
// initializer.
#include "initializers.hpp"

#include <opencv2/core.hpp>

#include "network/tensor.hpp"

namespace calotype {
namespace {

using namespace network;

/// Field numbers of onnx.proto.
constexpr std::uint64_t model_graph = 7, graph_initializer = 5;
constexpr std::uint64_t tensor_data_type = 2, tensor_raw_data = 9, tensor_external_data = 13, tensor_data_location = 14;

void put_varint(Bytes& to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) to.push_back(static_cast<std::uint8_t>(value | 0x80));
  to.push_back(static_cast<std::uint8_t>(value));
}

void put(Bytes& to, Span bytes) { to.insert(to.end(), bytes.begin, bytes.end); }

void put_message(Bytes& to, std::uint64_t number, Span payload) {
  put_varint(to, number << 3 | std::uint64_t(Wire::length_delimited));
  put_varint(to, payload.size());
  put(to, payload);
}

void put_widened(Bytes& to, Span halves) {
  const int count = static_cast<int>(halves.size() / 2);
  cv::Mat single;
  cv::Mat(1, count, CV_16F, const_cast<std::uint8_t*>(halves.begin)).convertTo(single, CV_32F);
  put_message(to, tensor_raw_data, {single.data, single.data + 4 * static_cast<std::size_t>(count)});
}

Bytes rewritten_tensor(TensorFile& file, Span message) {
  const Tensor tensor = file.tensor(message);
  const bool half = tensor.type == fp16 && tensor.raw.begin;
  if (!half && !tensor.external) return Bytes(message.begin, message.end);
  Bytes result;
  result.reserve(message.size() + (half ? 2 : 1) * tensor.raw.size());
  for_each_field(message, [&](const Field& field) {
    const std::uint64_t n = field.number;
    if (n != tensor_data_type && n != tensor_raw_data && n != tensor_external_data && n != tensor_data_location)
      put(result, field.whole);
  });
  put_varint(result, tensor_data_type << 3 | std::uint64_t(Wire::varint));
  put_varint(result, half ? fp32 : tensor.type);
  if (half)
    put_widened(result, tensor.raw);
  else
    put_message(result, tensor_raw_data, tensor.raw);
  return result;
}

/// Copies a message, with every field `number` rewritten.
template <class Rewrite>
Bytes rewrite_fields(Span message, std::uint64_t number, Rewrite rewrite) {
  Bytes result;
  result.reserve(2 * message.size());
  for_each_field(message, [&](const Field& field) {
    if (field.number == number) {
      const Bytes payload = rewrite(field.payload);
      put_message(result, number, {payload.data(), payload.data() + payload.size()});
    } else {
      put(result, field.whole);
    }
  });
  return result;
}

}  // namespace

Bytes with_inline_fp32_weights(const std::filesystem::path& onnx) {
  TensorFile file(onnx);
  return rewrite_fields(file.bytes(), model_graph, [&](Span graph) {
    return rewrite_fields(graph, graph_initializer, [&](Span tensor) { return rewritten_tensor(file, tensor); });
  });
}

}  // namespace calotype
