// SPDX-License-Identifier: Apache-2.0
#include "chunks.hpp"

#include <isa-l/crc.h>

#include <algorithm>

namespace calotype {
namespace {

constexpr std::size_t kSignature = 8, kHead = 8, kCrc = 4;  // kHead: a chunk's length and name

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

}  // namespace

std::uint32_t big_endian_32(const std::uint8_t* at) {
  return std::uint32_t(at[0]) << 24 | std::uint32_t(at[1]) << 16 | std::uint32_t(at[2]) << 8 | at[3];
}

bool PngChunk::intact() const {
  return whole && crc32_gzip_refl(0, data - name.size(), name.size() + size) == big_endian_32(data + size);
}

PngChunks::PngChunks(const Bytes& file) : file_(file), at_(std::min(kSignature, file.size())) {}

bool PngChunks::next(PngChunk& chunk) {
  if (ended_ || file_.size() - at_ < kHead) return false;
  const std::uint8_t* const head = &file_[at_];
  chunk.name = {reinterpret_cast<const char*>(head + 4), 4};
  if (!std::all_of(chunk.name.begin(), chunk.name.end(), is_letter)) return false;
  const std::size_t size = big_endian_32(head), rest = file_.size() - at_ - kHead;
  chunk.data = head + kHead;
  chunk.size = std::min(size, rest);
  chunk.whole = rest >= kCrc && size <= rest - kCrc;
  at_ += kHead + (chunk.whole ? size + kCrc : rest);
  ended_ = chunk.name == "IEND";
  return true;
}

}  // namespace calotype
