// SPDX-License-Identifier: Apache-2.0
#include <onnx/onnx_pb.h>

#include <cstring>
#include <opencv2/core.hpp>
#include <set>

#include "calotype/error.hpp"
#include "calotype/io.hpp"
#include "graph.hpp"

namespace calotype::network {
namespace {

Error corrupt(const std::string& what) { return Error(ErrorCode::corrupt, what, "install the model again"); }

template <class T, class From>
std::vector<float> converted(const From& from) {
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(from.size()));
  for (const auto v : from) values.push_back(static_cast<float>(static_cast<T>(v)));
  return values;
}

/// Little-endian elements of type T.
template <class T>
std::vector<float> raw(const std::string& bytes) {
  std::vector<T> elements(bytes.size() / sizeof(T));
  std::memcpy(elements.data(), bytes.data(), elements.size() * sizeof(T));
  return {elements.begin(), elements.end()};
}

std::vector<float> halves(const std::string& bytes) {
  const int count = static_cast<int>(bytes.size() / 2);
  std::vector<float> values(static_cast<std::size_t>(count));
  if (count == 0) return values;
  cv::Mat to(1, count, CV_32F, values.data());
  cv::Mat(1, count, CV_16F, const_cast<char*>(bytes.data())).convertTo(to, CV_32F);
  return values;
}

Constant constant(const onnx::TensorProto& tensor) {
  Constant result;
  std::size_t count = 1;
  for (const std::int64_t dim : tensor.dims()) {
    if (dim < 0 || dim > (1 << 28)) throw corrupt("constant \"" + tensor.name() + "\" has an impossible size");
    result.dims.push_back(static_cast<int>(dim));
    count *= static_cast<std::size_t>(dim);
    if (count > (1u << 28)) throw corrupt("constant \"" + tensor.name() + "\" has an impossible size");
  }
  const bool is_raw = tensor.has_raw_data();
  switch (tensor.data_type()) {
    case onnx::TensorProto::FLOAT:
      result.values = is_raw ? raw<float>(tensor.raw_data()) : converted<float>(tensor.float_data());
      break;
    case onnx::TensorProto::FLOAT16:
      if (is_raw) result.values = halves(tensor.raw_data());
      break;
    case onnx::TensorProto::INT64:
      result.values = is_raw ? raw<std::int64_t>(tensor.raw_data()) : converted<std::int64_t>(tensor.int64_data());
      break;
    case onnx::TensorProto::INT32:
      result.values = is_raw ? raw<std::int32_t>(tensor.raw_data()) : converted<std::int32_t>(tensor.int32_data());
      break;
    default:
      throw Error(ErrorCode::unsupported,
                  "constant \"" + tensor.name() + "\" has element type " + std::to_string(tensor.data_type()),
                  "export the model with float or half-precision weights");
  }
  if (result.values.size() != count)
    throw corrupt("constant \"" + tensor.name() + "\" holds " + std::to_string(result.values.size()) +
                  " values where its shape says " + std::to_string(count));
  return result;
}

Node node(const onnx::NodeProto& from) {
  Node result{from.op_type(), from.name(), {}, {}, {}, {}};
  result.inputs.assign(from.input().begin(), from.input().end());
  result.outputs.assign(from.output().begin(), from.output().end());
  if (result.name.empty() && !result.outputs.empty()) result.name = result.outputs[0];
  for (const onnx::AttributeProto& a : from.attribute()) {
    if (a.has_s()) result.strings[a.name()] = a.s();
    if (a.has_i()) result.numbers[a.name()] = {static_cast<float>(a.i())};
    if (a.has_f()) result.numbers[a.name()] = {a.f()};
    if (a.ints_size()) result.numbers[a.name()] = converted<float>(a.ints());
    if (a.floats_size()) result.numbers[a.name()] = converted<float>(a.floats());
  }
  return result;
}

/// The constant that a node is, or copies from another; false when it computes something.
bool is_constant(const onnx::NodeProto& from, std::map<std::string, int>& uses, Graph& graph) {
  if (from.output_size() != 1) return false;
  if (from.op_type() == "Constant") {
    for (const onnx::AttributeProto& a : from.attribute())
      if (a.name() == "value" && a.has_t()) graph.constants[from.output(0)] = constant(a.t());
    return graph.constants.count(from.output(0)) > 0;
  }
  if ((from.op_type() != "Cast" && from.op_type() != "Identity") || from.input_size() != 1) return false;
  auto found = graph.constants.find(from.input(0));
  if (found == graph.constants.end()) return false;
  if (--uses[from.input(0)] == 0)
    graph.constants[from.output(0)] = std::move(found->second);
  else
    graph.constants[from.output(0)] = found->second;
  return true;
}

/// Constants that only fed Casts would otherwise be kept twice.
void drop_unused(Graph& graph) {
  std::set<std::string> used(graph.outputs.begin(), graph.outputs.end());
  for (const Node& n : graph.nodes) used.insert(n.inputs.begin(), n.inputs.end());
  for (auto c = graph.constants.begin(); c != graph.constants.end();)
    c = used.count(c->first) ? std::next(c) : graph.constants.erase(c);
}

}  // namespace

Graph read_onnx(const std::filesystem::path& file) {
  const Bytes bytes = read_file(file.string());
  onnx::ModelProto model;
  if (bytes.size() > INT32_MAX || !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      model.graph().node_size() == 0)
    throw corrupt(file.string() + ": no ONNX model");
  const onnx::GraphProto& from = model.graph();
  Graph graph;
  for (const onnx::TensorProto& tensor : from.initializer()) graph.constants[tensor.name()] = constant(tensor);
  for (const onnx::ValueInfoProto& input : from.input())
    if (!graph.constants.count(input.name())) graph.inputs.push_back(input.name());
  for (const onnx::ValueInfoProto& output : from.output()) graph.outputs.push_back(output.name());
  std::map<std::string, int> uses;
  for (const onnx::NodeProto& n : from.node())
    for (const std::string& input : n.input()) ++uses[input];
  for (const onnx::NodeProto& n : from.node())
    if (!is_constant(n, uses, graph)) graph.nodes.push_back(node(n));
  drop_unused(graph);
  if (graph.inputs.empty() || graph.outputs.empty())
    throw corrupt(file.string() + ": a network without input or output");
  return graph;
}

}  // namespace calotype::network
