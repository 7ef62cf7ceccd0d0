// SPDX-License-Identifier: Apache-2.0
// An ONNX file as plain structures, nothing interpreted yet but its numbers.
#pragma once
#include <climits>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace calotype::network {

/// A tensor of the file. Whole numbers are held as floats too.
struct Constant {
  std::vector<int> dims;
  std::vector<float> values;
  /// Instead of `values`: half-precision numbers where they lie in the file, because engines bring weights into an
  /// order of their own. The file stays mapped as long as this is held.
  std::shared_ptr<const std::uint8_t> halves;
  bool whole = false;  ///< of an integer type: divisions round towards zero

  /// Numbers from `first` on.
  void copy(std::size_t first, std::size_t count, float* to) const;
  std::vector<float> floats() const;
};

/// A number of the file as a whole one; what int cannot hold becomes the least or largest that it can.
inline int whole(float v) { return !(v < 0x1p31f) ? INT_MAX : v < -0x1p31f ? INT_MIN : static_cast<int>(v); }

struct Node {
  std::string op, name;
  std::vector<std::string> inputs, outputs;  ///< an input left out is ""
  std::map<std::string, std::vector<float>> numbers;
  std::map<std::string, std::string> strings;

  int number(const std::string& key, int otherwise) const {
    const auto found = numbers.find(key);
    return found == numbers.end() || found->second.empty() ? otherwise : whole(found->second[0]);
  }
};

/// Sides of a tensor of any rank; -1: not known before the network runs.
using Dims = std::vector<std::int64_t>;

struct Graph {
  std::vector<std::string> inputs, outputs;
  std::vector<Node> nodes;  ///< in an order in which they can run
  std::map<std::string, Constant> constants;
  /// Of the inputs, as the file declares them, missing where it does not; after fold() those that it was told.
  std::map<std::string, Dims> dims;
  std::map<std::string, std::size_t> ranks;  ///< of the outputs, where fold() has found them
  int opset = 0;
};

/// Throws corrupt for anything that is no valid ONNX graph.
Graph read_onnx(const std::filesystem::path& file);

}  // namespace calotype::network
