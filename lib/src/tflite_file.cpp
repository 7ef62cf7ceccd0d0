// SPDX-License-Identifier: Apache-2.0
// Of a TensorFlow Lite file (https://github.com/tensorflow/tensorflow/blob/master/tensorflow/lite/schema/schema.fbs, a
// FlatBuffer) its inputs and outputs.
#include <algorithm>
#include <cstring>

#include "calotype/error.hpp"
#include "calotype/io.hpp"
#include "network_file.hpp"

namespace calotype {
namespace {

[[noreturn]] void fail_damaged() {
  throw Error(ErrorCode::corrupt, "the TensorFlow Lite file is damaged", "download or export it again");
}

/// Fields of tables by their numbers; whatever is read lies in the file.
class FlatBuffer {
 public:
  explicit FlatBuffer(const FileView& file) : data_(file.data()), size_(file.size()) {}

  template <class T>
  T read(std::size_t at) const {
    if (at > size_ || size_ - at < sizeof(T)) fail_damaged();
    T value;
    std::memcpy(&value, data_ + at, sizeof value);
    return value;
  }
  /// Where the offset that is stored at `at` leads.
  std::size_t follow(std::size_t at) const { return at + read<std::uint32_t>(at); }
  /// Where a field of a table is stored; 0: it is not.
  std::size_t field(std::size_t table, unsigned number) const {
    const std::int64_t fields = static_cast<std::int64_t>(table) - read<std::int32_t>(table);
    if (fields < 0) fail_damaged();
    const auto at = static_cast<std::size_t>(fields);
    const std::size_t entry = 4 + 2 * std::size_t(number);
    if (entry + 2 > read<std::uint16_t>(at)) return 0;
    const auto offset = read<std::uint16_t>(at + entry);
    return offset ? table + offset : 0;
  }
  /// Where each element of a vector of 32-bit elements is stored; none where the field is not there.
  std::vector<std::size_t> elements(std::size_t table, unsigned number, std::size_t most) const {
    const std::size_t where = field(table, number);
    if (!where) return {};
    const std::size_t vector = follow(where), count = read<std::uint32_t>(vector);
    if (count > most || count > size_ / 4) fail_damaged();
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < count; ++i) places.push_back(vector + 4 + 4 * i);
    return places;
  }
  std::string text(std::size_t table, unsigned number) const {
    const std::size_t where = field(table, number);
    if (!where) return {};
    const std::size_t string = follow(where), count = read<std::uint32_t>(string);
    if (string + 4 > size_ || size_ - string - 4 < count) fail_damaged();
    return {reinterpret_cast<const char*>(data_) + string + 4, count};
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

/// No network of pictures has more.
constexpr std::size_t kMostPorts = 1000, kMostSides = 8, kMostTensors = 1 << 20;

/// Numbers of fields in the schema.
enum Model : unsigned { subgraphs = 2 };
enum SubGraph : unsigned { tensors = 0, inputs = 1, outputs = 2 };
enum Tensor : unsigned { shape = 0, name = 3, shape_signature = 7 };

NetworkFile::Port read_port(const FlatBuffer& file, std::size_t tensor) {
  NetworkFile::Port port;
  port.name = file.text(tensor, Tensor::name);
  auto sides = file.elements(tensor, Tensor::shape_signature, kMostSides);  // where sides are free
  if (sides.empty()) sides = file.elements(tensor, Tensor::shape, kMostSides);
  for (const std::size_t at : sides) port.shape.push_back(std::max(-1, file.read<std::int32_t>(at)));
  return port;
}

}  // namespace

NetworkFile read_tflite_file(const std::filesystem::path& path) {
  const FileView view(path.string());
  const FlatBuffer file(view);
  constexpr std::uint32_t kIdentifier = 0x334C4654;  // "TFL3"
  if (file.read<std::uint32_t>(4) != kIdentifier) fail_damaged();
  const auto graphs = file.elements(file.follow(0), Model::subgraphs, kMostPorts);
  if (graphs.empty()) fail_damaged();
  const std::size_t graph = file.follow(graphs[0]);
  const auto known = file.elements(graph, SubGraph::tensors, kMostTensors);
  const auto ports = [&](unsigned which) {
    std::vector<NetworkFile::Port> read;
    for (const std::size_t at : file.elements(graph, which, kMostPorts)) {
      const auto index = file.read<std::uint32_t>(at);
      if (index >= known.size()) fail_damaged();
      read.push_back(read_port(file, file.follow(known[index])));
    }
    return read;
  };
  NetworkFile read;
  read.inputs = ports(SubGraph::inputs);
  read.outputs = ports(SubGraph::outputs);
  return read;
}

}  // namespace calotype
