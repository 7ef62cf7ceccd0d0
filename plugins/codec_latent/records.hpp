// SPDX-License-Identifier: Apache-2.0
// entropy.bin: named integer and float arrays, little-endian (docs/bitstream.md, "The model's tables").
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "calotype/image.hpp"

namespace calotype::latent {

struct Record {
  std::vector<int> dims;
  std::vector<std::int16_t> i16;  // exactly one of the three is filled
  std::vector<std::int32_t> i32;
  std::vector<float> f32;
};

class Records {
 public:
  /// Throws corrupt for anything malformed.
  explicit Records(const Bytes& file);
  bool has(const std::string& name) const { return records_.count(name) != 0; }
  /// Throw corrupt naming the record when it is missing, of another type or, where `dims` is given, of another shape
  /// (-1: any).
  const Record& i16(const std::string& name, const std::vector<int>& dims = {}) const;
  const Record& i32(const std::string& name, const std::vector<int>& dims = {}) const;
  const Record& f32(const std::string& name, const std::vector<int>& dims = {}) const;

 private:
  const Record& find(const std::string& name, const std::vector<int>& dims) const;
  std::map<std::string, Record> records_;
};

}  // namespace calotype::latent
