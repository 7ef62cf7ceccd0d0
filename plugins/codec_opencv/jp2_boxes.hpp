// SPDX-License-Identifier: Apache-2.0
// The boxes of a JPEG 2000 file: ISO/IEC 15444-1, annex I.
#pragma once
#include <optional>
#include <vector>

#include "byte_view.hpp"
#include "calotype/image.hpp"

namespace calotype {

/// Of a cdef box: what a channel holds.
struct Jp2Channel {
  std::uint32_t number;       ///< of the component
  std::uint32_t type;         ///< 0 colour, 1 opacity, 2 opacity that the colours were multiplied with
  std::uint32_t association;  ///< for colours, which of them, from 1 on
};

struct Jp2File {
  std::uint64_t codestream = 0, codestream_size = 0;  ///< of the first
  int codestreams = 0;
  std::optional<std::uint32_t> colours;  ///< number of the colour space, where that and not a profile names it
  std::vector<Jp2Channel> channels;      ///< empty: the colours in their order, and opacity
  bool palette = false;
  Metadata meta;
  Losses lost;
};

/// Of a file with boxes, or of a bare codestream. Throws corrupt where there is no codestream.
Jp2File read_jp2_boxes(const ByteView& view);

}  // namespace calotype
