// SPDX-License-Identifier: Apache-2.0
#include "riff.hpp"

#include <algorithm>

namespace calotype {
namespace {

constexpr std::uint64_t kHead = 8;  // of a chunk: name and size
constexpr std::size_t kMostChunks = 1 << 16;

void put(Bytes& to, std::uint32_t value, int count) {
  for (int i = 0; i < count; ++i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

}  // namespace

std::vector<RiffChunk> riff_chunks(const ByteView& view, std::uint64_t begin, std::uint64_t end) {
  std::vector<RiffChunk> chunks;
  for (std::uint64_t at = begin; at + kHead <= end && chunks.size() < kMostChunks;) {
    const Bytes id = view.slice(at, 4);
    const std::uint64_t size = view.le32(at + 4), rest = end - at - kHead;
    chunks.push_back({std::string(id.begin(), id.end()), at + kHead, std::min(size, rest), size <= rest});
    at += kHead + size + size % 2;
  }
  return chunks;
}

void append_riff_chunk(Bytes& to, const std::string& id, const Bytes& payload) {
  to.insert(to.end(), id.begin(), id.end());
  put(to, static_cast<std::uint32_t>(payload.size()), 4);
  to.insert(to.end(), payload.begin(), payload.end());
  if (payload.size() % 2) to.push_back(0);
}

Bytes begin_webp() { return {'R', 'I', 'F', 'F', 0, 0, 0, 0, 'W', 'E', 'B', 'P'}; }

void finish_webp(Bytes& file) {
  for (std::size_t i = 0; i < 4; ++i) file[4 + i] = static_cast<std::uint8_t>((file.size() - kHead) >> (8 * i));
}

Bytes webp_features(std::uint32_t features, int width, int height) {
  Bytes payload;
  put(payload, features, 4);
  put(payload, static_cast<std::uint32_t>(width - 1), 3);
  put(payload, static_cast<std::uint32_t>(height - 1), 3);
  return payload;
}

}  // namespace calotype
