// SPDX-License-Identifier: Apache-2.0
// Of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) what says how a network is fed, and where its
// weights lie.
#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "calotype/error.hpp"
#include "calotype/io.hpp"
#include "calotype/onnx_tensors.hpp"
#include "network_file.hpp"

namespace calotype {
namespace {

namespace fs = std::filesystem;
using namespace network;

/// StringStringEntryProto.
std::pair<std::string, std::string> read_entry(Span message) {
  std::pair<std::string, std::string> entry;
  for_each_field(message, [&](const Field& field) {
    if (field.number == 1) entry.first = field.payload.text();
    if (field.number == 2) entry.second = field.payload.text();
  });
  return entry;
}

/// Finds the files that tensors lie in, and refuses those that a stranger's model has no business with.
class Companions {
 public:
  explicit Companions(const fs::path& file) : file_(file.filename()), folder_(fs::absolute(file).parent_path()) {}

  void look_at(Span tensor) {
    std::map<std::string, std::string> entries;
    bool external = false;
    for_each_field(tensor, [&](const Field& field) {
      if (field.number == 14) external |= field.value != 0;
      if (field.number != 13) return;
      const auto [key, value] = read_entry(field.payload);
      entries[key] = value;
    });
    if (!external) return;
    const std::uint64_t size = size_of(entries["location"]), offset = number(entries, "offset", 0);
    if (offset > size || number(entries, "length", size - offset) > size - offset)
      refuse(entries["location"], "it is too short", "copy the whole file beside the network");
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& [name, size] : sizes_) found.push_back(folder_ / name);
    return found;
  }

 private:
  std::uint64_t size_of(const std::string& location) {
    const auto known = sizes_.find(location);
    if (known != sizes_.end()) return known->second;
    if (location.empty() || location == "." || location == ".." || location.find('/') != std::string::npos)
      refuse(location, "that is no name of a file beside the network",
             "save the network again with its weights in a file beside it");
    if (location == file_) refuse(location, "that is the network itself", "save the network again");
    const FileView file((folder_ / location).string());
    std::error_code error;
    if (fs::canonical(folder_ / location, error).parent_path() != fs::canonical(folder_, error))
      refuse(location, "it is a link out of the folder", "copy the file itself beside the network");
    return sizes_[location] = file.size();
  }

  static std::uint64_t number(const std::map<std::string, std::string>& entries, const char* key,
                              std::uint64_t fallback) {
    const auto entry = entries.find(key);
    if (entry == entries.end()) return fallback;
    const char* const end = entry->second.data() + entry->second.size();
    std::uint64_t value = 0;
    const auto [stop, error] = std::from_chars(entry->second.data(), end, value);
    if (error != std::errc() || stop != end) fail_damaged();
    return value;
  }

  [[noreturn]] static void refuse(const std::string& location, const std::string& why, const std::string& way_out) {
    throw Error(ErrorCode::corrupt, "weights lie in \"" + location + "\", and " + why, way_out);
  }

  const fs::path file_, folder_;
  std::map<std::string, std::uint64_t> sizes_;
};

/// A ValueInfoProto.
NetworkFile::Port read_port(Span value_info) {
  NetworkFile::Port port;
  const auto within = [](std::uint64_t number, const Field& field, auto use) {
    if (field.number == number && field.wire == Wire::length_delimited) for_each_field(field.payload, use);
  };
  for_each_field(value_info, [&](const Field& field) {
    if (field.number == 1) port.name = field.payload.text();
    within(2, field, [&](const Field& type) {            // TypeProto
      within(1, type, [&](const Field& tensor) {         // its tensor_type
        within(2, tensor, [&](const Field& dimension) {  // Dimension of its TensorShapeProto
          if (dimension.number != 1) return;
          std::int64_t side = -1;
          for_each_field(dimension.payload, [&](const Field& value) {
            if (value.number == 1 && value.value > 0) side = static_cast<std::int64_t>(value.value);
          });
          port.shape.push_back(side < 0 ? -1 : side);
        });
      });
    });
  });
  return port;
}

void read_graph(Span message, NetworkFile& to) {
  std::set<std::string> constants;  // old files list them as inputs too
  for_each_field(message, [&](const Field& field) {
    if (field.number == 11) to.inputs.push_back(read_port(field.payload));
    if (field.number == 12) to.outputs.push_back(read_port(field.payload));
    if (field.number == 5)
      for_each_field(field.payload, [&](const Field& of_tensor) {
        if (of_tensor.number == 8) constants.insert(of_tensor.payload.text());
      });
  });
  const auto is_constant = [&](const NetworkFile::Port& port) { return constants.count(port.name) == 1; };
  to.inputs.erase(std::remove_if(to.inputs.begin(), to.inputs.end(), is_constant), to.inputs.end());
}

}  // namespace

NetworkFile read_onnx_file(const fs::path& file) {
  const FileView view(file.string());
  const Span model{view.data(), view.data() + view.size()};
  NetworkFile read;
  for_each_field(model, [&](const Field& field) {
    if (field.number == 7) read_graph(field.payload, read);
    if (field.number == 14) read.metadata.insert(read_entry(field.payload));
  });
  Companions companions(file);
  for_each_tensor(model, [&](Span tensor) { companions.look_at(tensor); });
  read.companions = companions.files();
  return read;
}

}  // namespace calotype
