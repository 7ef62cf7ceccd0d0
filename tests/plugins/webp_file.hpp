// SPDX-License-Identifier: Apache-2.0
// WebP files put together of chunks.
#pragma once
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "calotype/calotype.hpp"

namespace webp_file {

using calotype::Bytes;

inline void put(Bytes& to, std::size_t value, int count) {
  for (int i = 0; i < count; ++i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

inline Bytes chunk(const std::string& id, const Bytes& payload) {
  Bytes bytes(id.begin(), id.end());
  put(bytes, payload.size(), 4);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  if (payload.size() % 2) bytes.push_back(0);
  return bytes;
}

inline Bytes joined(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

inline Bytes riff(const std::vector<Bytes>& chunks) {
  const std::string type = "WEBP";
  return chunk("RIFF", joined({Bytes(type.begin(), type.end()), joined(chunks)}));
}

/// VP8X.
inline Bytes features(int flags, const cv::Size& size) {
  Bytes payload;
  put(payload, std::size_t(flags), 4);
  put(payload, std::size_t(size.width - 1), 3);
  put(payload, std::size_t(size.height - 1), 3);
  return chunk("VP8X", payload);
}
constexpr int kAnimation = 2;

/// The chunks of a picture that has no VP8X.
inline Bytes picture_chunks(const cv::Mat& pixels) {
  calotype::Image image;
  image.pixels = pixels;
  const Bytes file = calotype::encode(image, "webp", {{"lossless", "on"}});
  return Bytes(file.begin() + 12, file.end());
}

/// ANMF.
inline Bytes frame(const cv::Point& at, const cv::Mat& pixels) {
  Bytes payload;
  for (const int value : {at.x / 2, at.y / 2, pixels.cols - 1, pixels.rows - 1, 100})
    put(payload, std::size_t(value), 3);
  payload.push_back(0);
  return chunk("ANMF", joined({payload, picture_chunks(pixels)}));
}

/// A small animation with metadata.
inline Bytes full() {
  const cv::Size size(24, 18);
  const cv::Mat first(12, 16, CV_8UC3, cv::Scalar(10, 200, 30)), second(18, 24, CV_8UC4, cv::Scalar(250, 20, 30, 90));
  const Bytes icc = calotype::rgb_profile(calotype::srgb_primaries(), calotype::power_transfer(1.8));
  return riff({features(0x3E, size), chunk("ICCP", icc), chunk("ANIM", Bytes(6)), frame({4, 2}, first),
               frame({0, 0}, second), chunk("EXIF", {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0}),
               chunk("XMP ", Bytes(30, ' ')), chunk("C2PA", Bytes(9, 'x'))});
}

}  // namespace webp_file
