// SPDX-License-Identifier: Apache-2.0
// Tensors of an ONNX file where they lie: in the file itself, or in another one of its folder, which ONNX calls
// external data (https://onnx.ai/onnx/repo-docs/ExternalData.html).
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "calotype/io.hpp"
#include "calotype/wire.hpp"

namespace calotype::network {

inline Span span(const FileView& file) { return {file.data(), file.data() + file.size()}; }

/// Values of TensorProto.data_type.
enum TensorType : std::uint64_t {
  fp32 = 1,
  uint8 = 2,
  int8 = 3,
  int32 = 6,
  int64 = 7,
  boolean = 9,
  fp16 = 10,
  fp64 = 11
};

struct Tensor {
  std::string name;
  std::uint64_t type = 0;
  std::vector<int> dims;
  std::size_t count = 1;                 ///< of elements
  std::vector<float> listed;             ///< numbers that are written one by one
  Span raw;                              ///< else all of them, little-endian, of the length that type and dims say
  bool external = false;                 ///< raw lies in another file
  std::shared_ptr<const FileView> file;  ///< which holds raw

  /// Bytes of an element; 0 for types that nobody here reads.
  std::size_t width() const;
};

[[noreturn]] void fail_type(const Tensor& tensor);

/// An ONNX file, and those of its folder that tensors of it point into.
class TensorFile {
 public:
  /// Throws not_found; unsupported for an extension other than .onnx, since some other engine may read that.
  explicit TensorFile(const std::filesystem::path& file);
  Span bytes() const { return span(*model_); }
  /// Reads a TensorProto of this file. Throws corrupt where its values are not as many as its shape says, or not in a
  /// file of this folder. Those of a type that nobody here reads are not counted; in another file it is unsupported.
  Tensor tensor(Span message);

 private:
  void find_external(Tensor& tensor, const std::vector<Span>& entries);

  std::filesystem::path folder_;
  std::shared_ptr<const FileView> model_;
  std::map<std::string, std::shared_ptr<const FileView>> others_;  ///< each mapped once
};

}  // namespace calotype::network
