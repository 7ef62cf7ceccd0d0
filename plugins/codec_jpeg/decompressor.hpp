// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/image.hpp"
#include "guard.hpp"

namespace calotype {

/// Owns libjpeg's decompressor and the error handler that it points to.
struct Decompressor {
  JpegErrors errors;
  jpeg_decompress_struct codec{};

  Decompressor() {
    codec.err = &errors;
    guarded(errors, codec, [&] { jpeg_create_decompress(&codec); });
  }
  ~Decompressor() { jpeg_destroy_decompress(&codec); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  /// Up to the first scan. `file` is to outlive this.
  void read_header(const Bytes& file) {
    guarded(errors, codec, [&] {
      jpeg_mem_src(&codec, file.data(), static_cast<unsigned long>(file.size()));
      jpeg_read_header(&codec, TRUE);
    });
  }
};

}  // namespace calotype
