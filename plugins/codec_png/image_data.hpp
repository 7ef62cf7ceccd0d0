// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <isa-l/igzip_lib.h>

#include <memory>

#include "calotype/image.hpp"
#include "chunks.hpp"

namespace calotype {

/// A PNG file as libpng is to read it: its image data in blocks that are stored as they are. libpng would leave it to
/// zlib, which takes twice as long as ISA-L. Checksums of the image data are checked here, and those in the blocks
/// mean nothing.
class StoredImageData {
 public:
  /// `file` is to outlive this. `lenient`: of damaged image data, what comes before the damage; wrong checksums are
  /// none.
  StoredImageData(const Bytes& file, bool lenient);

  /// Copies the next `count` bytes. Returns nullptr, or what is wrong with the file.
  const char* read(std::uint8_t* to, std::size_t count);
  /// Goes on behind the image data, at the end of a block.
  void leave();
  /// Whether a checksum was wrong that `lenient` forgave.
  bool doubtful() const { return doubtful_; }

 private:
  static constexpr std::size_t kBlock = 65535, kBefore = 15, kAfter = 8;

  bool has_chunk() const { return chunk_.name == "IDAT"; }
  void next_chunk();
  const char* feed();
  const char* next_block();

  const Bytes& file_;
  const bool lenient_;
  PngChunks chunks_;
  PngChunk chunk_;  // the first with image data that was not inflated yet, if there is one
  std::size_t begin_ = 0, end_ = 0, position_ = 0;  // of the image data; of what is read next
  bool left_;                                       // the image data
  bool first_ = true;                               // no block was made yet
  bool doubtful_ = false;
  const char* failure_ = nullptr;  // what comes behind the block
  std::unique_ptr<inflate_state> inflate_;
  Bytes block_;
  std::size_t block_at_ = 0, block_end_ = 0;  // what is left of it
};

}  // namespace calotype
