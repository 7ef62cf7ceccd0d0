// SPDX-License-Identifier: Apache-2.0
// JPEG 2000 files from codestreams that OpenCV writes and boxes that are put around them.
#pragma once
#include <algorithm>
#include <array>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "calotype/calotype.hpp"

namespace jp2_file {

using calotype::Bytes;

inline Bytes bytes_of(const std::string& text) { return Bytes(text.begin(), text.end()); }

inline Bytes joined(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

inline Bytes number(std::size_t value, int count) {
  Bytes bytes;
  for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(value >> shift));
  return bytes;
}

inline Bytes box(const std::string& type, const Bytes& content) {
  return joined({number(8 + content.size(), 4), bytes_of(type), content});
}

/// Lossless. Three channels and more are stored in the order R, G, B.
inline Bytes codestream(const cv::Mat& pixels) {
  Bytes file;
  cv::imencode(".jp2", pixels, file, {cv::IMWRITE_JPEG2000_COMPRESSION_X1000, 1000});
  const std::string start = "\xFF\x4F\xFF\x51";
  return Bytes(std::search(file.begin(), file.end(), start.begin(), start.end(),
                           [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); }),
               file.end());
}

inline Bytes colours(std::size_t space) { return box("colr", joined({{1, 0, 0}, number(space, 4)})); }
inline Bytes profile(const Bytes& icc) { return box("colr", joined({{2, 0, 0}, icc})); }
constexpr std::size_t kCmyk = 12, kLab = 14, kSrgb = 16, kGrey = 17, kSycc = 18;

/// Of component, type and association, each.
inline Bytes channels(const std::vector<std::array<std::size_t, 3>>& definitions) {
  std::vector<Bytes> parts = {number(definitions.size(), 2)};
  for (const auto& definition : definitions)
    for (const std::size_t value : definition) parts.push_back(number(value, 2));
  return box("cdef", joined(parts));
}

/// `header`: boxes that say how the picture is to be shown; `others`: those behind it.
inline Bytes boxed(const cv::Mat& pixels, const std::vector<Bytes>& header, const std::vector<Bytes>& others = {}) {
  return joined({box("jP  ", bytes_of("\r\n\x87\n")), box("ftyp", bytes_of(std::string("jp2 \0\0\0\0jp2 ", 12))),
                 box("jp2h", joined({box("ihdr", Bytes(14)), joined(header)})), box("jp2c", codestream(pixels)),
                 joined(others)});
}

/// A uuid box.
inline Bytes uuid(const std::string& id, const Bytes& content) { return box("uuid", joined({bytes_of(id), content})); }

/// A small picture with many kinds of boxes.
inline Bytes full() {
  const cv::Mat pixels(32, 32, CV_8UC4, cv::Scalar(10, 200, 30, 90));
  const Bytes icc = calotype::rgb_profile(calotype::srgb_primaries(), calotype::power_transfer(1.8));
  return boxed(pixels,
               {profile(icc), colours(kSrgb), channels({{0, 0, 3}, {1, 0, 2}, {2, 0, 1}, {3, 1, 0}}),
                box("res ", box("resd", {0x2E, 0x23, 0, 1, 0x2E, 0x23, 0, 1, 0, 0}))},
               {uuid("JpgTiffExif->JP2", {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0}),
                box("xml ", bytes_of("<a/>")), box("asoc", Bytes(9))});
}

}  // namespace jp2_file
