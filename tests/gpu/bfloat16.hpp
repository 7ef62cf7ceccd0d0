// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

/// The upper half of a float, to the nearest, ties to even, as CUDA's __nv_bfloat16.
class Bfloat16 {
 public:
  Bfloat16() = default;
  explicit Bfloat16(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    if (!std::isnan(value)) bits += 0x7FFF + (bits >> 16 & 1);
    bits_ = static_cast<std::uint16_t>(bits >> 16);
  }
  explicit operator float() const {
    const std::uint32_t bits = static_cast<std::uint32_t>(bits_) << 16;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }

 private:
  std::uint16_t bits_;
};
