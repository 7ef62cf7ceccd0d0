// SPDX-License-Identifier: Apache-2.0
// The part of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) that a network of plain operators
// uses.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "graph.hpp"
#include "wire.hpp"

namespace calotype::network {
namespace {

Error corrupt(const std::string& what) { return Error(ErrorCode::corrupt, what, "install the model again"); }

/// A file in memory, read only.
class Mapping {
 public:
  explicit Mapping(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
      throw Error(errno == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                  file.string() + ": cannot read: " + std::strerror(errno), "check the path");
    struct stat status {};
    const bool known = ::fstat(descriptor, &status) == 0;
    size_ = known ? static_cast<std::size_t>(status.st_size) : 0;
    data_ = size_ ? ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0) : MAP_FAILED;
    ::close(descriptor);
    if (data_ == MAP_FAILED) throw corrupt(file.string() + ": no ONNX model");
  }
  ~Mapping() { ::munmap(data_, size_); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  Span bytes() const {
    const auto* begin = static_cast<const std::uint8_t*>(data_);
    return {begin, begin + size_};
  }

 private:
  void* data_;
  std::size_t size_;
};

float float_of(Span bytes) {
  float value;
  std::memcpy(&value, bytes.begin, sizeof value);
  return value;
}

/// Appends a repeated number in either of its forms, alone or packed.
void append_integers(const Field& field, std::vector<float>& to) {
  if (field.wire == Wire::varint) return to.push_back(static_cast<float>(static_cast<std::int64_t>(field.value)));
  for (Span rest = field.payload; rest.size();)
    to.push_back(static_cast<float>(static_cast<std::int64_t>(take_varint(rest))));
}
void append_floats(const Field& field, std::vector<float>& to) {
  for (Span rest = field.payload; rest.size();) to.push_back(float_of(take(rest, 4)));
}

/// Little-endian elements of type T.
template <class T>
std::vector<float> raw(Span bytes) {
  std::vector<T> elements(bytes.size() / sizeof(T));
  std::memcpy(elements.data(), bytes.begin, elements.size() * sizeof(T));
  return {elements.begin(), elements.end()};
}
template <>
std::vector<float> raw<float>(Span bytes) {
  std::vector<float> elements(bytes.size() / sizeof(float));
  std::memcpy(elements.data(), bytes.begin, elements.size() * sizeof(float));
  return elements;
}

using File = std::shared_ptr<const Mapping>;

std::pair<std::string, Constant> read_tensor(const File& file, Span message) {
  enum Type : std::uint64_t { fp32 = 1, int32 = 6, int64 = 7, fp16 = 10 };
  Constant constant;
  std::string name;
  std::vector<float> dims, listed;
  std::uint64_t type = 0;
  Span bytes;
  for_each_field(message, [&](const Field& field) {
    if (field.number == 1) append_integers(field, dims);
    if (field.number == 2) type = field.value;
    if (field.number == 4) append_floats(field, listed);
    if (field.number == 5 || field.number == 7) append_integers(field, listed);
    if (field.number == 8) name = field.payload.text();
    if (field.number == 9) bytes = field.payload;
  });
  std::size_t count = 1;
  for (const float dim : dims) {
    if (dim < 0 || dim > (1 << 24)) throw corrupt("constant \"" + name + "\" has an impossible size");
    constant.dims.push_back(static_cast<int>(dim));
    count *= static_cast<std::size_t>(dim);
    if (count > (1u << 28)) throw corrupt("constant \"" + name + "\" has an impossible size");
  }
  if (type != fp32 && type != int32 && type != int64 && type != fp16)
    throw Error(ErrorCode::unsupported, "constant \"" + name + "\" has element type " + std::to_string(type),
                "export the model with float or half-precision weights");
  std::size_t held = bytes.size() / 2;
  if (bytes.begin && type == fp16) {
    constant.halves = {file, bytes.begin};
  } else {
    constant.values = !bytes.begin    ? std::move(listed)
                      : type == fp32  ? raw<float>(bytes)
                      : type == int32 ? raw<std::int32_t>(bytes)
                                      : raw<std::int64_t>(bytes);
    held = constant.values.size();
  }
  if (held != count)
    throw corrupt("constant \"" + name + "\" holds " + std::to_string(held) + " values where its shape says " +
                  std::to_string(count));
  return {name, std::move(constant)};
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
  ConstantFolder(File file, const std::vector<ReadNode>& nodes, Graph& graph) : file_(std::move(file)), graph_(graph) {
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
  File file_;
  Graph& graph_;
  std::map<std::string, int> uses_;
};

void drop_unused(Graph& graph) {
  std::set<std::string> used(graph.outputs.begin(), graph.outputs.end());
  for (const Node& n : graph.nodes) used.insert(n.inputs.begin(), n.inputs.end());
  for (auto c = graph.constants.begin(); c != graph.constants.end();)
    c = used.count(c->first) ? std::next(c) : graph.constants.erase(c);
}

Graph read_graph(const File& file, Span message) {
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
  const auto mapping = std::make_shared<const Mapping>(file);
  Graph graph;
  for_each_field(mapping->bytes(), [&](const Field& field) {
    if (field.number == 7 && field.wire == Wire::length_delimited) graph = read_graph(mapping, field.payload);
  });
  if (graph.nodes.empty() || graph.inputs.empty() || graph.outputs.empty())
    throw corrupt(file.string() + ": no ONNX model");
  return graph;
}

}  // namespace calotype::network
