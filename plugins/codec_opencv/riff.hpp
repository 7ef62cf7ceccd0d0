// SPDX-License-Identifier: Apache-2.0
// The container of WebP: https://developers.google.com/speed/webp/docs/riff_container
#pragma once
#include <string>
#include <vector>

#include "byte_view.hpp"

namespace calotype {

constexpr std::uint64_t riff_header = 12;

/// Bits of the VP8X chunk's first byte.
enum WebpFeature : std::uint32_t {
  webp_animation = 0x02,
  webp_xmp = 0x04,
  webp_exif = 0x08,
  webp_alpha = 0x10,
  webp_icc = 0x20
};

struct RiffChunk {
  std::string id;
  std::uint64_t at, size;  ///< of the payload, as far as it is there
  bool whole;
};

/// The chunks between two places in a file.
std::vector<RiffChunk> riff_chunks(const ByteView& view, std::uint64_t begin, std::uint64_t end);

void append_riff_chunk(Bytes& to, const std::string& id, const Bytes& payload);
/// A WebP file's first bytes.
Bytes begin_webp();
/// Writes the file's size into them.
void finish_webp(Bytes& file);
/// The chunk that tells of the others.
Bytes webp_features(std::uint32_t features, int width, int height);

}  // namespace calotype
