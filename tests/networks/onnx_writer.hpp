// SPDX-License-Identifier: Apache-2.0
// ONNX files (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), as far as tests write them.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "calotype/image.hpp"

namespace onnx {

/// A field of a protobuf message.
std::string field(int number, std::int64_t value);
std::string field(int number, const std::string& payload);

/// Attributes of nodes.
std::string attribute(const std::string& name, int value);
std::string attribute(const std::string& name, const std::vector<int>& values);
std::string attribute(const std::string& name, float value);
std::string attribute(const std::string& name, const char* text);

/// For weights: small, the same for the same seed.
std::vector<float> numbers(int count, std::uint64_t seed = 1);

/// A graph, piece by piece; values go by their names.
class Graph {
 public:
  /// Of floats; a side of 0 is free. OpenCV shuffles only where none is.
  void input(const std::string& name, const std::vector<int>& shape);
  void input(const std::string& name, int channels) { input(name, {0, channels, 0, 0}); }
  void output(const std::string& name, const std::vector<int>& shape = {0, 0, 0, 0});
  /// What the file says of itself.
  void metadata(const std::string& key, const std::string& value);
  /// A constant whose floats lie in another file, from its beginning.
  std::string external_constant(const std::vector<int>& dims, const std::string& location);
  /// Return the names of what they add.
  std::string constant(const std::vector<int>& dims, const std::vector<float>& values);
  /// In half precision, behind a cast.
  std::string half_constant(const std::vector<int>& dims, const std::vector<float>& values);
  std::string node(const std::string& op, const std::vector<std::string>& inputs,
                   const std::vector<std::string>& attributes = {}, std::string output = "");

  /// The whole file.
  calotype::Bytes bytes() const;

 private:
  std::string fresh_name() { return "v" + std::to_string(++names_); }
  void tensor(const std::string& name, const std::vector<int>& dims, int type, const std::string& raw);

  std::string fields_, metadata_;
  int names_ = 0;
};

}  // namespace onnx
