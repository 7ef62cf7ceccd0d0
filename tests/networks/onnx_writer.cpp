// SPDX-License-Identifier: Apache-2.0
#include "onnx_writer.hpp"

#include <opencv2/core.hpp>

namespace onnx {
namespace {

/// Of TensorProto.data_type.
constexpr int kFloat = 1, kHalf = 10;

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

std::string raw(const void* data, std::size_t size) { return {static_cast<const char*>(data), size}; }

/// ValueInfoProto.
std::string value_info(const std::string& name, const std::vector<int>& dims) {
  std::string shape;
  for (const int dim : dims) shape += field(1, dim ? field(1, dim) : field(2, std::string("side")));
  return field(1, name) + field(2, field(1, field(1, kFloat) + field(2, shape)));
}

}  // namespace

std::string field(int number, std::int64_t value) {
  return varint(static_cast<std::uint64_t>(number) << 3) + varint(static_cast<std::uint64_t>(value));
}

std::string field(int number, const std::string& payload) {
  return varint(static_cast<std::uint64_t>(number) << 3 | 2) + varint(payload.size()) + payload;
}

std::string attribute(const std::string& name, int value) { return field(1, name) + field(3, value) + field(20, 2); }

std::string attribute(const std::string& name, const std::vector<int>& values) {
  std::string bytes = field(1, name);
  for (const int value : values) bytes += field(8, value);
  return bytes + field(20, 7);
}

std::string attribute(const std::string& name, float value) {
  return field(1, name) + varint(2 << 3 | 5) + raw(&value, sizeof value) + field(20, 1);
}

std::string attribute(const std::string& name, const char* text) {
  return field(1, name) + field(4, std::string(text)) + field(20, 3);
}

std::vector<float> numbers(int count, std::uint64_t seed) {
  std::vector<float> values(static_cast<std::size_t>(count));
  cv::RNG random(seed);
  for (float& value : values) value = random.uniform(-0.5f, 0.5f);
  return values;
}

void Graph::input(const std::string& name, const std::vector<int>& shape) {
  fields_ += field(11, value_info(name, shape));
}

void Graph::output(const std::string& name, const std::vector<int>& shape) {
  fields_ += field(12, value_info(name, shape));
}

void Graph::metadata(const std::string& key, const std::string& value) {
  metadata_ += field(14, field(1, key) + field(2, value));
}

std::string Graph::external_constant(const std::vector<int>& dims, const std::string& location) {
  const std::string name = fresh_name();
  std::string bytes;
  for (const int dim : dims) bytes += field(1, dim);
  bytes += field(2, kFloat) + field(8, name) + field(13, field(1, std::string("location")) + field(2, location));
  fields_ += field(5, bytes + field(14, 1));
  return name;
}

void Graph::tensor(const std::string& name, const std::vector<int>& dims, int type, const std::string& values) {
  std::string bytes;
  for (const int dim : dims) bytes += field(1, dim);
  fields_ += field(5, bytes + field(2, type) + field(8, name) + field(9, values));
}

std::string Graph::constant(const std::vector<int>& dims, const std::vector<float>& values) {
  const std::string name = fresh_name();
  tensor(name, dims, kFloat, raw(values.data(), values.size() * sizeof(float)));
  return name;
}

std::string Graph::half_constant(const std::vector<int>& dims, const std::vector<float>& values) {
  const std::string name = fresh_name();
  const std::vector<cv::float16_t> halves(values.begin(), values.end());
  tensor(name, dims, kHalf, raw(halves.data(), halves.size() * sizeof(cv::float16_t)));
  return node("Cast", {name}, {attribute("to", kFloat)});
}

std::string Graph::node(const std::string& op, const std::vector<std::string>& inputs,
                        const std::vector<std::string>& attributes, std::string output) {
  if (output.empty()) output = fresh_name();
  std::string bytes;
  for (const std::string& input : inputs) bytes += field(1, input);
  bytes += field(2, output) + field(3, output) + field(4, op);
  for (const std::string& attribute : attributes) bytes += field(5, attribute);
  fields_ += field(1, bytes);
  return output;
}

calotype::Bytes Graph::bytes() const {
  constexpr int kIrVersion = 8, kOpset = 13;
  const std::string opset = field(1, std::string()) + field(2, kOpset);
  const std::string file =
      field(1, kIrVersion) + field(8, opset) + field(7, fields_ + field(2, std::string("graph"))) + metadata_;
  return {file.begin(), file.end()};
}

}  // namespace onnx
