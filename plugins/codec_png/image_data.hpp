// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <isa-l/igzip_lib.h>

#include <memory>

#include "calotype/codec.hpp"

namespace calotype {

/// A PNG file as libpng is to read it: its image data in blocks that are stored as they are. libpng would leave it to
/// zlib, which takes twice as long as ISA-L. Checksums of the image data are checked here, and those in the blocks
/// mean nothing.
class StoredImageData {
 public:
  /// `file` is to outlive this.
  explicit StoredImageData(const Bytes& file);

  /// Copies the next `count` bytes. Returns nullptr, or what is wrong with the file.
  const char* read(std::uint8_t* to, std::size_t count);
  /// Goes on behind the image data, at the end of a block.
  void leave();

 private:
  static constexpr std::size_t kBlock = 65535, kBefore = 15, kAfter = 8;

  const char* next_block();
  const char* next_chunk();

  const Bytes& file_;
  std::size_t begin_, end_, position_ = 0;  // of the chunks with image data; of what is read next
  bool left_;                               // the image data
  bool first_ = true;                       // no block was made yet
  std::unique_ptr<inflate_state> inflate_;
  Bytes block_;
  std::size_t block_at_ = 0, block_end_ = 0;  // what is left of it
};

}  // namespace calotype
