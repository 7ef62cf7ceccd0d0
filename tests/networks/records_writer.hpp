// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "calotype/image.hpp"

/// Writes entropy.bin (docs/bitstream.md, "The model's tables").
class RecordsWriter {
 public:
  RecordsWriter& add(const std::string& name, const std::vector<int>& dims, const std::vector<std::int32_t>& values) {
    begin(name, 2, dims);
    for (const std::int32_t v : values) little(v, 4);
    return *this;
  }
  RecordsWriter& add_narrow(const std::string& name, const std::vector<std::int16_t>& values) {
    begin(name, 1, {int(values.size())});
    for (const std::int16_t v : values) little(v, 2);
    return *this;
  }
  RecordsWriter& add_floats(const std::string& name, const std::vector<int>& dims, const std::vector<float>& values) {
    begin(name, 3, dims);
    for (const float v : values) {
      std::int32_t bits;
      std::memcpy(&bits, &v, sizeof bits);
      little(bits, 4);
    }
    return *this;
  }
  /// outputs x inputs x side x side.
  RecordsWriter& add_kernel(const std::string& name, const std::vector<int>& dims,
                            const std::vector<std::int16_t>& weights) {
    begin(name, 4, dims);
    const int area = dims[2] * dims[3], sums = dims[1] * area;
    for (int block = 0; block < dims[0]; block += 32)
      for (int pair = 0; pair < sums; pair += 2)
        for (int o = block; o < block + 32; ++o)
          for (int i = pair; i < pair + 2; ++i) {
            const bool exists = o < dims[0] && i < sums;
            const int place = (o * dims[1] + i % dims[1]) * area + i / dims[1];
            little(exists ? weights[std::size_t(place)] : 0, 2);
          }
    return *this;
  }
  /// What comes before the values.
  void begin(const std::string& name, std::uint8_t type, const std::vector<int>& dims) {
    bytes.push_back(std::uint8_t(name.size()));
    bytes.insert(bytes.end(), name.begin(), name.end());
    bytes.push_back(type);
    bytes.push_back(std::uint8_t(dims.size()));
    for (const int d : dims) little(d, 4);
    while (bytes.size() % 64) bytes.push_back(0);
  }

  calotype::Bytes bytes = {'C', 'E', 'N', 'T', 2, 0, 0, 0};

 private:
  void little(std::int64_t value, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) bytes.push_back(std::uint8_t(value >> (8 * i)));
  }
};
