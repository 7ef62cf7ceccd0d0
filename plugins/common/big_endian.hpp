// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace calotype {

/// Of the first `width` bytes, which must be there.
inline std::uint32_t big_endian(std::string_view bytes, std::size_t width) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8 | std::uint8_t(bytes[i]);
  return value;
}

inline std::string big_endian(std::uint32_t value, std::size_t width) {
  std::string bytes(width, '\0');
  for (std::size_t i = width; i-- > 0; value >>= 8) bytes[i] = static_cast<char>(value);
  return bytes;
}

}  // namespace calotype
