// SPDX-License-Identifier: Apache-2.0
// PNG files taken apart and put together.
#pragma once
#include <zlib.h>

#include <cstdint>
#include <string>

#include "calotype/calotype.hpp"

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

/// A small animation with every kind of chunk that is read.
inline calotype::Bytes full_png() {
  using calotype::Bytes;
  const auto bytes_of = [](const std::string& text) { return Bytes(text.begin(), text.end()); };
  calotype::Image image;
  image.pixels = cv::Mat(9, 11, CV_8UC2, cv::Scalar(90, 200));
  calotype::Metadata& meta = image.meta;
  meta.icc = calotype::grey_profile(calotype::power_transfer(1.8));
  meta.exif = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0};
  meta.xmp = bytes_of("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>");
  meta.iptc = {0x1C, 2, 80, 0, 2, 'm', 'e'};
  meta.text = {{"Title", "caf\xC3\xA9"}, {"Comment", "yes"}};
  meta.density = {300, 300};
  Bytes file = calotype::encode(image, "png");
  for (const auto& [name, data] : {std::pair<const char*, Bytes>{"cICP", {2, 2, 0, 1}},
                                   {"gAMA", {0, 1, 0x86, 0xA0}},
                                   {"cHRM", Bytes(32, 1)},
                                   {"acTL", {0, 0, 0, 2, 0, 0, 0, 0}},
                                   {"sCAL", {1, '1', 0, '1'}}})
    file = with_chunk(file, name, data);
  return with_chunk(with_chunk(file, "fcTL", Bytes(26), true), "fdAT", Bytes(20), true);
}
