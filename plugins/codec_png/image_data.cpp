// SPDX-License-Identifier: Apache-2.0
// zlib (RFC 1950) around deflate (RFC 1951), 3.2.4 for stored blocks.
#include "image_data.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace calotype {
namespace {

constexpr char kName[] = "IDAT";
constexpr std::size_t kHead = 8, kCrc = 4;  // of a chunk: length and name; checksum

}  // namespace

StoredImageData::StoredImageData(const Bytes& file, bool lenient)
    : file_(file), lenient_(lenient), chunks_(file), inflate_(new inflate_state), block_(kBefore + kBlock + kAfter) {
  isal_inflate_init(inflate_.get());
  inflate_->crc_flag = ISAL_ZLIB;
  do begin_ = chunks_.position();
  while (chunks_.next(chunk_) && chunk_.name != kName);
  left_ = chunk_.name != kName;
}

const char* StoredImageData::read(std::uint8_t* to, std::size_t count) {
  while (count > 0) {
    const bool block = block_at_ < block_end_;
    if (!block && position_ == begin_ && !left_) {
      if (const char* failure = next_block()) return failure;
      continue;
    }
    std::size_t& from = block ? block_at_ : position_;
    const std::size_t until = block ? block_end_ : left_ ? file_.size() : begin_;
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
  while (has_chunk()) next_chunk();
  left_ = true;
  position_ = end_;
}

/// Goes on to the next chunk with image data, if there is one.
void StoredImageData::next_chunk() {
  end_ = chunks_.position();
  if (!chunks_.next(chunk_)) chunk_ = {};
}

/// Gives the chunk's data to inflate_.
const char* StoredImageData::feed() {
  const bool intact = chunk_.intact();
  if (!intact && !lenient_) return chunk_.whole ? "IDAT: CRC error" : "unexpected end of file";
  doubtful_ |= !intact && chunk_.whole;
  inflate_->next_in = const_cast<std::uint8_t*>(chunk_.data);  // ISA-L reads only
  inflate_->avail_in = static_cast<std::uint32_t>(chunk_.size);
  next_chunk();
  return nullptr;
}

const char* StoredImageData::next_block() {
  if (failure_) return failure_;
  inflate_->next_out = block_.data() + kBefore;
  inflate_->avail_out = kBlock;
  bool last = false;
  while (!failure_) {
    const int status = isal_inflate(inflate_.get());
    const bool wrong_sum = lenient_ && status == ISAL_INCORRECT_CHECKSUM;
    doubtful_ |= wrong_sum;
    last = inflate_->block_state == ISAL_BLOCK_FINISH || wrong_sum;
    if (status != ISAL_DECOMP_OK && !wrong_sum)
      failure_ = "IDAT: broken compressed data";
    else if (last || inflate_->avail_out == 0 || !has_chunk())
      break;
    else
      failure_ = feed();
  }
  if (failure_ && !lenient_) return failure_;
  const auto size = std::uint32_t(kBlock - inflate_->avail_out);
  if (last || (inflate_->avail_out > 0 && !failure_)) leave();
  if (!last && size == 0) return failure_;  // where there is none the data is cut short, which libpng finds out

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
