// SPDX-License-Identifier: Apache-2.0
// Activations in memory: images x rows x columns x channels, channels innermost, as bf16 or as float.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace calotype::onednn {

/// The upper half of a float (https://en.wikipedia.org/wiki/Bfloat16_floating-point_format).
using bf16 = std::uint16_t;

/// To the nearest, ties to even. Not for NaN.
inline bf16 narrowed(float v) {
  std::uint32_t bits;
  std::memcpy(&bits, &v, 4);
  return bf16((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}
inline float widened(bf16 v) {
  const std::uint32_t bits = std::uint32_t(v) << 16;
  float wide;
  std::memcpy(&wide, &bits, 4);
  return wide;
}

struct View {
  char* data = nullptr;  ///< of the first channel of pixel 0,0 of image 0; a border may lie around the pixels
  std::ptrdiff_t pixel = 0, row = 0, image = 0;  ///< distances in bytes
  int images = 0, rows = 0, columns = 0, channels = 0;
  bool is_float = true;

  std::ptrdiff_t element() const { return is_float ? 4 : 2; }
  char* at(int n, int y, int x) const { return data + n * image + y * row + x * pixel; }
};

}  // namespace calotype::onednn
