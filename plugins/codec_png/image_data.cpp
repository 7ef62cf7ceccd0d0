// SPDX-License-Identifier: Apache-2.0
// Chunks: PNG (third edition), 5.3. Their data: zlib (RFC 1950) around deflate (RFC 1951), 3.2.4 for stored blocks.
#include "image_data.hpp"

#include <isa-l/crc.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace calotype {
namespace {

constexpr std::size_t kSignature = 8, kHead = 8, kCrc = 4;  // kHead: a chunk's length and name
constexpr char kName[] = "IDAT";

std::uint32_t big_endian(const std::uint8_t* at) {
  return std::uint32_t(at[0]) << 24 | std::uint32_t(at[1]) << 16 | std::uint32_t(at[2]) << 8 | at[3];
}

bool holds_image_data(const std::uint8_t* chunk) { return std::memcmp(chunk + 4, kName, 4) == 0; }

/// Where the chunk at `at` ends; `at` where it is cut short.
std::size_t chunk_end(const Bytes& file, std::size_t at) {
  const std::size_t rest = file.size() - at;
  if (rest < kHead + kCrc) return at;
  const std::size_t length = big_endian(&file[at]);
  return length > rest - kHead - kCrc ? at : at + kHead + length + kCrc;
}

}  // namespace

StoredImageData::StoredImageData(const Bytes& file)
    : file_(file), inflate_(new inflate_state), block_(kBefore + kBlock + kAfter) {
  isal_inflate_init(inflate_.get());
  inflate_->crc_flag = ISAL_ZLIB;
  std::size_t at = std::min(kSignature, file.size());
  for (std::size_t next; (next = chunk_end(file, at)) != at && !holds_image_data(&file[at]);) at = next;
  begin_ = at;
  for (std::size_t next; (next = chunk_end(file, at)) != at && holds_image_data(&file[at]);) at = next;
  end_ = at;
  left_ = begin_ == end_;
}

const char* StoredImageData::read(std::uint8_t* to, std::size_t count) {
  while (count > 0) {
    if (block_at_ == block_end_ && position_ == begin_ && !left_) {
      if (const char* failure = next_block()) return failure;
      continue;
    }
    const bool block = block_at_ < block_end_;
    std::size_t& from = block ? block_at_ : position_;
    const std::size_t until = block ? block_end_ : position_ < begin_ ? begin_ : file_.size();
    const std::size_t now = std::min(count, until - from);
    if (now == 0) return "unexpected end of file";
    std::memcpy(to, (block ? block_.data() : file_.data()) + from, now);
    from += now;
    to += now;
    count -= now;
  }
  return nullptr;
}

void StoredImageData::leave() {
  if (left_ || position_ < begin_) return;
  left_ = true;
  position_ = end_;
}

/// Gives the next chunk's data to inflate_, if there is one.
const char* StoredImageData::next_chunk() {
  const std::uint8_t* const chunk = &file_[begin_];
  const std::uint32_t length = big_endian(chunk);
  if (crc32_gzip_refl(0, chunk + 4, length + 4) != big_endian(chunk + kHead + length)) return "IDAT: CRC error";
  inflate_->next_in = const_cast<std::uint8_t*>(chunk + kHead);  // ISA-L reads only
  inflate_->avail_in = length;
  position_ = begin_ += kHead + length + kCrc;
  return nullptr;
}

const char* StoredImageData::next_block() {
  inflate_->next_out = block_.data() + kBefore;
  inflate_->avail_out = kBlock;
  for (;;) {
    if (isal_inflate(inflate_.get()) != ISAL_DECOMP_OK) return "IDAT: broken compressed data";
    if (inflate_->block_state == ISAL_BLOCK_FINISH || inflate_->avail_out == 0 || begin_ == end_) break;
    if (const char* failure = next_chunk()) return failure;
  }
  const bool last = inflate_->block_state == ISAL_BLOCK_FINISH;
  const auto size = std::uint32_t(kBlock - inflate_->avail_out);
  if (last || inflate_->avail_out > 0) leave();
  if (!last && size == 0) return nullptr;  // the data is cut short, which libpng finds out

  constexpr std::size_t zlib_head = 2;
  block_at_ = first_ ? 0 : zlib_head;
  block_end_ = kBefore + size + (last ? kAfter : kCrc);
  const auto length = std::uint32_t(block_end_ - block_at_ - kHead - kCrc);
  std::uint8_t* to = &block_[block_at_];
  for (int shift = 24; shift >= 0; shift -= 8) *to++ = std::uint8_t(length >> shift);
  to = std::copy_n(kName, 4, to);
  if (std::exchange(first_, false)) to = std::copy_n("\x78\x01", zlib_head, to);
  *to++ = last;
  for (const std::uint32_t value : {size, ~size})
    for (const int shift : {0, 8}) *to++ = std::uint8_t(value >> shift);
  return nullptr;
}

}  // namespace calotype
