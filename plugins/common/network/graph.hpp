// SPDX-License-Identifier: Apache-2.0
// An ONNX file as plain structures, nothing interpreted yet but its numbers.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace calotype::network {

/// A tensor of the file. Whole numbers are held as floats too.
struct Constant {
  std::vector<int> dims;
  std::vector<float> values;
};

struct Node {
  std::string op, name;
  std::vector<std::string> inputs, outputs;  ///< an input left out is ""
  std::map<std::string, std::vector<float>> numbers;
  std::map<std::string, std::string> strings;

  int number(const std::string& key, int otherwise) const {
    const auto found = numbers.find(key);
    return found == numbers.end() || found->second.empty() ? otherwise : static_cast<int>(found->second[0]);
  }
};

struct Graph {
  std::vector<std::string> inputs, outputs;
  std::vector<Node> nodes;  ///< in an order in which they can run
  std::map<std::string, Constant> constants;
};

/// Half-precision constants are widened. Throws corrupt for anything that is no valid ONNX graph.
Graph read_onnx(const std::filesystem::path& file);

}  // namespace calotype::network
