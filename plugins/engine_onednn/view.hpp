// SPDX-License-Identifier: Apache-2.0
// Activations in memory: images x rows x columns x channels, channels innermost, as bf16 or as float.
#pragma once
#include <cstddef>
#include <cstdint>

namespace calotype::onednn {

/// The upper half of a float (https://en.wikipedia.org/wiki/Bfloat16_floating-point_format).
using bf16 = std::uint16_t;

struct View {
  char* data = nullptr;  ///< of the first channel of pixel 0,0 of image 0; a border may lie around the pixels
  std::ptrdiff_t pixel = 0, row = 0, image = 0;  ///< distances in bytes
  int images = 0, rows = 0, columns = 0, channels = 0;
  bool is_float = true;

  std::ptrdiff_t element() const { return is_float ? 4 : 2; }
  char* at(int n, int y, int x) const { return data + n * image + y * row + x * pixel; }
};

}  // namespace calotype::onednn
