// SPDX-License-Identifier: Apache-2.0
// The part of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) that a network of plain operators
// uses.
#include <cstring>
#include <set>

#include "graph.hpp"
#include "tensor.hpp"

namespace calotype::network {
namespace {

Error corrupt(const std::string& what) { return Error(ErrorCode::corrupt, what, "install the model again"); }

/// Little-endian elements of type T.
template <class T>
std::vector<float> raw(Span bytes) {
  std::vector<T> elements(bytes.size() / sizeof(T));
  if (!elements.empty()) std::memcpy(elements.data(), bytes.begin, elements.size() * sizeof(T));
  return {elements.begin(), elements.end()};
}
template <>
std::vector<float> raw<float>(Span bytes) {
  std::vector<float> elements(bytes.size() / sizeof(float));
  if (!elements.empty()) std::memcpy(elements.data(), bytes.begin, elements.size() * sizeof(float));
  return elements;
}

std::pair<std::string, Constant> read_tensor(TensorFile& file, Span message) {
  Tensor tensor = file.tensor(message);
  if (!tensor.width()) fail_type(tensor);
  Constant constant;
  constant.dims = std::move(tensor.dims);
  if (tensor.raw.begin && tensor.type == fp16) {
    constant.halves = {tensor.file, tensor.raw.begin};
    return {tensor.name, std::move(constant)};
  }
  constant.values = !tensor.raw.begin      ? std::move(tensor.listed)
                    : tensor.type == fp32  ? raw<float>(tensor.raw)
                    : tensor.type == int32 ? raw<std::int32_t>(tensor.raw)
                                           : raw<std::int64_t>(tensor.raw);
  return {tensor.name, std::move(constant)};
}

/// A node, and the constant that it may hold as an attribute.
struct ReadNode {
  Node node;
  Span tensor;
};

void read_attribute(Span message, ReadNode& to) {
  std::string name, text;
  std::vector<float> values;
  bool is_text = false;
  for_each_field(message, [&](const Field& field) {
    if (field.number == 1) name = field.payload.text();
    if (field.number == 2 || field.number == 7) append_floats(field, values);
    if (field.number == 3 || field.number == 8) append_integers(field, values);
    if (field.number == 5) to.tensor = field.payload;
    if (field.number == 4) {
      text = field.payload.text();
      is_text = true;
    }
  });
  if (is_text) to.node.strings[name] = text;
  if (!values.empty()) to.node.numbers[name] = std::move(values);
}

ReadNode read_node(Span message) {
  ReadNode read;
  for_each_field(message, [&](const Field& field) {
    if (field.number == 1) read.node.inputs.push_back(field.payload.text());
    if (field.number == 2) read.node.outputs.push_back(field.payload.text());
    if (field.number == 3) read.node.name = field.payload.text();
    if (field.number == 4) read.node.op = field.payload.text();
    if (field.number == 5) read_attribute(field.payload, read);
  });
  if (read.node.name.empty() && !read.node.outputs.empty()) read.node.name = read.node.outputs[0];
  return read;
}

std::string read_name(Span value_info) {
  std::string name;
  for_each_field(value_info, [&](const Field& field) {
    if (field.number == 1) name = field.payload.text();
  });
  return name;
}

/// Files hold half-precision weights and casts; here such a cast is another name for the constant.
class ConstantFolder {
 public:
  ConstantFolder(TensorFile& file, const std::vector<ReadNode>& nodes, Graph& graph) : file_(file), graph_(graph) {
    for (const ReadNode& read : nodes)
      for (const std::string& input : read.node.inputs) ++uses_[input];
  }
  /// Whether `read` is a constant, or copies one. Else it computes something.
  bool fold(const ReadNode& read) {
    const Node& node = read.node;
    if (node.outputs.size() != 1) return false;
    if (node.op == "Constant" && read.tensor.begin) {
      graph_.constants[node.outputs[0]] = read_tensor(file_, read.tensor).second;
      return true;
    }
    if ((node.op != "Cast" && node.op != "Identity") || node.inputs.size() != 1) return false;
    const auto found = graph_.constants.find(node.inputs[0]);
    if (found == graph_.constants.end()) return false;
    const bool last = --uses_[node.inputs[0]] == 0;
    graph_.constants[node.outputs[0]] = last ? std::move(found->second) : found->second;
    return true;
  }

 private:
  TensorFile& file_;
  Graph& graph_;
  std::map<std::string, int> uses_;
};

void drop_unused(Graph& graph) {
  std::set<std::string> used(graph.outputs.begin(), graph.outputs.end());
  for (const Node& n : graph.nodes) used.insert(n.inputs.begin(), n.inputs.end());
  for (auto c = graph.constants.begin(); c != graph.constants.end();)
    c = used.count(c->first) ? std::next(c) : graph.constants.erase(c);
}

Graph read_graph(TensorFile& file, Span message) {
  Graph graph;
  std::vector<ReadNode> nodes;
  std::vector<std::string> inputs;
  for_each_field(message, [&](const Field& field) {
    if (field.number == 1) nodes.push_back(read_node(field.payload));
    if (field.number == 5) graph.constants.insert(read_tensor(file, field.payload));
    if (field.number == 11) inputs.push_back(read_name(field.payload));
    if (field.number == 12) graph.outputs.push_back(read_name(field.payload));
  });
  for (const std::string& input : inputs)  // old files list their constants too
    if (!graph.constants.count(input)) graph.inputs.push_back(input);
  ConstantFolder folder(file, nodes, graph);
  for (ReadNode& read : nodes)
    if (!folder.fold(read)) graph.nodes.push_back(std::move(read.node));
  drop_unused(graph);
  return graph;
}

}  // namespace

Graph read_onnx(const std::filesystem::path& file) {
  TensorFile model(file);
  Graph graph;
  for_each_field(model.bytes(), [&](const Field& field) {
    if (field.number == 7 && field.wire == Wire::length_delimited) graph = read_graph(model, field.payload);
  });
  if (graph.nodes.empty() || graph.inputs.empty() || graph.outputs.empty())
    throw corrupt(file.string() + ": no ONNX model");
  return graph;
}

}  // namespace calotype::network
