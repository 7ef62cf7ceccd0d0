// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string_view>

#include "calotype/image.hpp"

namespace calotype {

std::uint32_t big_endian_32(const std::uint8_t* at);

/// PNG (third edition), 5.3. Points into the file.
struct PngChunk {
  std::string_view name;  ///< four letters
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;  ///< of the data that the file holds
  bool whole = false;    ///< false where the file ends before the chunk does

  bool ancillary() const { return name[0] & 0x20; }
  /// Whether it is whole and its checksum is right.
  bool intact() const;
};

/// The chunks of a file, one after the other.
class PngChunks {
 public:
  /// `file` is to outlive this and the chunks.
  explicit PngChunks(const Bytes& file);
  /// False behind IEND, and where no further chunk begins.
  bool next(PngChunk& chunk);
  /// Where in the file the next chunk would begin.
  std::size_t position() const { return at_; }

 private:
  const Bytes& file_;
  std::size_t at_;
  bool ended_ = false;
};

}  // namespace calotype
