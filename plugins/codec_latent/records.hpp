// SPDX-License-Identifier: Apache-2.0
// entropy.bin: named integer and float arrays, little-endian (docs/bitstream.md, "The model's tables").
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "calotype/io.hpp"

namespace calotype::latent {

/// outputs x inputs x side x side, in the order of dot_weight() for i = (y side + x) inputs + input, filled up.
struct Kernel {
  int outputs, inputs, side;
  std::shared_ptr<const std::int16_t> weights;  // in the file itself, where the machine is little-endian, too
};

class Records {
 public:
  /// Throws corrupt for anything malformed.
  explicit Records(FileView file);
  bool has(const std::string& name) const { return records_.count(name) != 0; }
  /// Throw corrupt naming the record when it is missing, of another type or of another shape (-1: any). `dims`, in its
  /// place, receives the shape.
  std::vector<std::int16_t> i16(const std::string& name, const std::vector<int>& shape) const;
  std::vector<std::int32_t> i32(const std::string& name, const std::vector<int>& shape,
                                std::vector<int>* dims = nullptr) const;
  std::vector<float> f32(const std::string& name, const std::vector<int>& shape) const;
  Kernel kernel(const std::string& name, int inputs) const;

 private:
  enum class Type : std::uint8_t { i16 = 1, i32 = 2, f32 = 3, kernel = 4 };
  struct Record {
    Type type{};
    std::vector<int> dims;
    const std::uint8_t* begin = nullptr;
    std::size_t count = 0;  // of values
  };
  const Record& find(const std::string& name, Type type, const std::vector<int>& shape) const;
  template <class T>
  static std::vector<T> values(const Record& record);

  FileView file_;
  std::map<std::string, Record> records_;
};

}  // namespace calotype::latent
