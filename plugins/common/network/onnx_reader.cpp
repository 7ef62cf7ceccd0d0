// SPDX-License-Identifier: Apache-2.0
// The part of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) that a network of plain operators
// uses.
#include <cstring>
#include <optional>
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

bool is_whole(std::uint64_t type) { return type != fp32 && type != fp16 && type != fp64; }

std::vector<float> numbers(const Tensor& tensor) {
  switch (tensor.type) {
    case fp32:
      return raw<float>(tensor.raw);
    case fp64:
      return raw<double>(tensor.raw);
    case int32:
      return raw<std::int32_t>(tensor.raw);
    case int64:
      return raw<std::int64_t>(tensor.raw);
    case int8:
      return raw<std::int8_t>(tensor.raw);
    default:
      return raw<std::uint8_t>(tensor.raw);
  }
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
  constant.whole = is_whole(tensor.type);
  if (!tensor.raw.begin && tensor.type == fp16) fail_type(tensor);  // bit patterns, one by one
  constant.values = tensor.raw.begin ? numbers(tensor) : std::move(tensor.listed);
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
    if (field.number == 2 || field.number == 7) append_floats<float>(field, values);
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

/// A ValueInfoProto: its name, and its dimensions where it has any.
struct Port {
  std::string name;
  std::optional<Dims> dims;
};

Port read_port(Span value_info) {
  Port port;
  const auto within = [](std::uint64_t number, const Field& field, auto use) {
    if (field.number == number && field.wire == Wire::length_delimited) for_each_field(field.payload, use);
  };
  for_each_field(value_info, [&](const Field& field) {
    if (field.number == 1) port.name = field.payload.text();
    within(2, field, [&](const Field& type) {            // TypeProto
      within(1, type, [&](const Field& tensor) {         // its tensor_type
        if (tensor.number == 2) port.dims.emplace();     // its TensorShapeProto
        within(2, tensor, [&](const Field& dimension) {  // Dimension
          if (dimension.number != 1) return;
          std::int64_t side = -1;
          for_each_field(dimension.payload, [&](const Field& value) {
            if (value.number == 1 && value.value > 0) side = static_cast<std::int64_t>(value.value);
          });
          port.dims->push_back(side);
        });
      });
    });
  });
  return port;
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
    if (node.op == "Constant") {
      graph_.constants[node.outputs[0]] = read.tensor.begin ? read_tensor(file_, read.tensor).second : listed(node);
      return true;
    }
    if ((node.op != "Cast" && node.op != "Identity") || node.inputs.size() != 1) return false;
    const auto found = graph_.constants.find(node.inputs[0]);
    if (found == graph_.constants.end()) return false;
    const bool to_whole =
        node.op == "Cast" ? is_whole(static_cast<std::uint64_t>(node.number("to", fp32))) : found->second.whole;
    if (to_whole && !found->second.whole) return false;  // which rounds
    const bool last = --uses_[node.inputs[0]] == 0;
    Constant& copy = graph_.constants[node.outputs[0]];
    copy = last ? std::move(found->second) : found->second;
    copy.whole = to_whole;
    return true;
  }

 private:
  /// A Constant whose value stands in attributes of its own.
  static Constant listed(const Node& node) {
    for (const char* name : {"value_float", "value_floats", "value_int", "value_ints"}) {
      const auto found = node.numbers.find(name);
      if (found == node.numbers.end()) continue;
      const std::string key = name;
      const bool many = key.back() == 's';
      return {many ? std::vector<int>{static_cast<int>(found->second.size())} : std::vector<int>(),
              found->second,
              {},
              key.find("int") != std::string::npos};
    }
    throw Error(ErrorCode::unsupported, "constant \"" + node.name + "\" is no tensor of numbers",
                "export the model with numbers alone");
  }

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

/// That every name is given once, and to a value that exists before it is read: no cycles.
void check_order(const Graph& graph, const std::vector<Port>& inputs, const std::vector<ReadNode>& nodes) {
  std::set<std::string> made = {""};  // an input or output left out
  for (const auto& entry : graph.constants) made.insert(entry.first);
  for (const Port& input : inputs) made.insert(input.name);
  for (const auto& read : nodes) {
    for (const std::string& input : read.node.inputs)
      if (!made.count(input))
        throw corrupt("nothing makes \"" + input + "\" before node \"" + read.node.name + "\" reads it");
    for (const std::string& output : read.node.outputs)
      if (!made.insert(output).second && !output.empty())
        throw corrupt("node \"" + read.node.name + "\" makes \"" + output + "\" a second time");
  }
}

Graph read_graph(TensorFile& file, Span message) {
  Graph graph;
  std::vector<ReadNode> nodes;
  std::vector<Port> inputs;
  for_each_field(message, [&](const Field& field) {
    if (field.number == 1) nodes.push_back(read_node(field.payload));
    if (field.number == 5) graph.constants.insert(read_tensor(file, field.payload));
    if (field.number == 11) inputs.push_back(read_port(field.payload));
    if (field.number == 12) graph.outputs.push_back(read_port(field.payload).name);
  });
  check_order(graph, inputs, nodes);
  for (Port& input : inputs) {
    if (graph.constants.count(input.name)) continue;  // old files list their constants too
    if (input.dims) graph.dims[input.name] = std::move(*input.dims);
    graph.inputs.push_back(std::move(input.name));
  }
  ConstantFolder folder(file, nodes, graph);
  for (ReadNode& read : nodes) {
    if (folder.fold(read)) continue;
    if (read.tensor.begin) {  // ConstantOfShape
      const Constant value = read_tensor(file, read.tensor).second;
      read.node.numbers["value"] = value.floats();
      read.node.numbers["whole"] = {value.whole ? 1.f : 0.f};
    }
    graph.nodes.push_back(std::move(read.node));
  }
  drop_unused(graph);
  return graph;
}

/// An OperatorSetIdProto; only ONNX's own domain matters.
void read_opset(Span message, int& opset) {
  std::string domain;
  std::uint64_t version = 0;
  for_each_field(message, [&](const Field& field) {
    if (field.number == 1) domain = field.payload.text();
    if (field.number == 2) version = field.value;
  });
  if (domain.empty() || domain == "ai.onnx") opset = static_cast<int>(std::min<std::uint64_t>(version, 1000));
}

}  // namespace

Graph read_onnx(const std::filesystem::path& file) {
  TensorFile model(file);
  Graph graph;
  int opset = 0;
  for_each_field(model.bytes(), [&](const Field& field) {
    if (field.number == 7 && field.wire == Wire::length_delimited) graph = read_graph(model, field.payload);
    if (field.number == 8 && field.wire == Wire::length_delimited) read_opset(field.payload, opset);
  });
  graph.opset = opset;
  if (graph.nodes.empty() || graph.inputs.empty() || graph.outputs.empty())
    throw corrupt(file.string() + ": no ONNX model");
  return graph;
}

}  // namespace calotype::network
