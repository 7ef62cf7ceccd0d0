// SPDX-License-Identifier: Apache-2.0
// PNG files taken apart and put together.
#pragma once
#include <zlib.h>

#include <cstdint>
#include <string>

#include "calotype/image.hpp"

inline calotype::Bytes deflated(const calotype::Bytes& data, int level = 6) {
  calotype::Bytes stream(compressBound(data.size()));
  uLongf size = stream.size();
  compress2(stream.data(), &size, data.data(), data.size(), level);
  stream.resize(size);
  return stream;
}

inline void append(calotype::Bytes& file, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) file.push_back(static_cast<std::uint8_t>(number >> shift));
}

inline void append_chunk(calotype::Bytes& file, const std::string& name, const calotype::Bytes& data) {
  append(file, static_cast<std::uint32_t>(data.size()));
  const std::size_t start = file.size();
  file.insert(file.end(), name.begin(), name.end());
  file.insert(file.end(), data.begin(), data.end());
  append(file, static_cast<std::uint32_t>(crc32(0, &file[start], static_cast<uInt>(file.size() - start))));
}

constexpr std::size_t kBehindHeader = 8 + 25, kEnd = 12;  // signature and IHDR; IEND

/// The file with one more chunk, first or last of those that may stand before or behind the image data.
inline calotype::Bytes with_chunk(const calotype::Bytes& png, const std::string& name, const calotype::Bytes& data,
                                  bool behind = false) {
  calotype::Bytes chunk, file = png;
  append_chunk(chunk, name, data);
  file.insert(behind ? file.end() - kEnd : file.begin() + kBehindHeader, chunk.begin(), chunk.end());
  return file;
}
