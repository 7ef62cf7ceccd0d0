// SPDX-License-Identifier: Apache-2.0
#include "tensor.hpp"

#include <charconv>

namespace calotype::network {
namespace {

Error corrupt(const std::string& what) { return Error(ErrorCode::corrupt, what, "install the model again"); }

void set_dims(Tensor& tensor, const std::vector<float>& dims) {
  for (const float dim : dims) {
    if (dim < 0 || dim > (1 << 24)) throw corrupt("constant \"" + tensor.name + "\" has an impossible size");
    tensor.dims.push_back(static_cast<int>(dim));
    tensor.count *= static_cast<std::size_t>(dim);
    if (tensor.count > (1u << 28)) throw corrupt("constant \"" + tensor.name + "\" has an impossible size");
  }
}

/// StringStringEntryProto.
std::pair<std::string, std::string> read_entry(Span message) {
  std::pair<std::string, std::string> entry;
  for_each_field(message, [&](const Field& field) {
    if (field.number == 1) entry.first = field.payload.text();
    if (field.number == 2) entry.second = field.payload.text();
  });
  return entry;
}

}  // namespace

std::size_t Tensor::width() const {
  switch (type) {
    case uint8:
    case int8:
    case boolean:
      return 1;
    case fp16:
      return 2;
    case fp32:
    case int32:
      return 4;
    case int64:
    case fp64:
      return 8;
    default:
      return 0;
  }
}

void fail_type(const Tensor& tensor) {
  throw Error(ErrorCode::unsupported,
              "constant \"" + tensor.name + "\" has element type " + std::to_string(tensor.type),
              "export the model with float or half-precision weights");
}

TensorFile::TensorFile(const std::filesystem::path& file)
    : folder_(file.parent_path()), model_(std::make_shared<const FileView>(file.string())) {
  if (file.has_extension() && file.extension() != ".onnx")
    throw Error(ErrorCode::unsupported, file.string() + ": not an ONNX file by its extension",
                "use engine=openvino, which reads some other formats, or export the model as ONNX");
}

Tensor TensorFile::tensor(Span message) {
  Tensor tensor;
  std::vector<float> dims;
  std::vector<Span> entries;
  for_each_field(message, [&](const Field& field) {
    if (field.number == 1) append_integers(field, dims);
    if (field.number == 2) tensor.type = field.value;
    if (field.number == 4) append_floats<float>(field, tensor.listed);
    if (field.number == 5 || field.number == 7) append_integers(field, tensor.listed);
    if (field.number == 10) append_floats<double>(field, tensor.listed);
    if (field.number == 8) tensor.name = field.payload.text();
    if (field.number == 9) tensor.raw = field.payload;
    if (field.number == 13) entries.push_back(field.payload);
    if (field.number == 14) tensor.external = field.value == 1;
  });
  set_dims(tensor, dims);
  tensor.file = model_;
  if (tensor.external) find_external(tensor, entries);
  const bool whole =
      tensor.raw.begin ? tensor.raw.size() == tensor.count * tensor.width() : tensor.listed.size() == tensor.count;
  if (tensor.width() && !whole)
    throw corrupt("constant \"" + tensor.name + "\" does not hold the " + std::to_string(tensor.count) +
                  " values that its shape says");
  return tensor;
}

void TensorFile::find_external(Tensor& tensor, const std::vector<Span>& entries) {
  if (!tensor.width()) fail_type(tensor);
  const auto refuse = [&](const std::string& why) {
    throw corrupt("constant \"" + tensor.name + "\" lies in another file: " + why);
  };
  std::string location;
  std::uint64_t offset = 0, length = tensor.count * tensor.width();
  for (const Span& message : entries) {
    const auto [key, value] = read_entry(message);
    if (key == "location") location = value;
    if (key != "offset" && key != "length") continue;
    const char* const end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, key == "offset" ? offset : length);
    if (error != std::errc() || stop != end) refuse(key + " \"" + value + "\" is no number");
  }
  // A model from a stranger must not read what its reader never gave it.
  if (location.empty() || location == "." || location == ".." || location.find('/') != std::string::npos)
    refuse("\"" + location + "\" is no name of a file beside the model");
  auto& file = others_[location];
  if (!file) file = std::make_shared<const FileView>((folder_ / location).string());
  const Span all = span(*file);
  if (offset > all.size() || length > all.size() - offset)
    refuse("bytes " + std::to_string(offset) + " + " + std::to_string(length) + " are not in \"" + location + "\"");
  tensor.raw = {all.begin + offset, all.begin + offset + length};
  tensor.file = file;
}

}  // namespace calotype::network
