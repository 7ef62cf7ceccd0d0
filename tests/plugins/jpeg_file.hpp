// SPDX-License-Identifier: Apache-2.0
// JPEG files of all kinds, made with libjpeg or by hand.
#pragma once
#include <string>
#include <vector>

#include "calotype/image.hpp"

namespace jpeg_file {

struct Options {
  bool progressive = false;
  bool interleaved = true;  ///< otherwise a scan for each component
  bool arithmetic = false;
  bool ycck = false;  ///< inks are stored as YCCK
  int restart_rows = 0;
};

/// 1 channel grey, 3 BGR, 4 inks as they are stored; quality 90, with Adobe's marker where there are inks.
calotype::Bytes make(const cv::Mat& pixels, const Options& options = {});

struct Segment {
  int marker;  ///< its second byte
  std::string data;
};

/// All that come before the first scan.
std::vector<Segment> segments(const calotype::Bytes& file);
/// With these behind the JFIF header.
calotype::Bytes with(const calotype::Bytes& file, const std::vector<Segment>& added);
/// With bytes behind it.
calotype::Bytes with_trailer(calotype::Bytes file, const calotype::Bytes& trailer);
/// Without the last bytes: two are the end marker.
calotype::Bytes without_last(calotype::Bytes file, std::size_t count);
/// Where a marker begins, from `at` on.
std::size_t find(const calotype::Bytes& file, int marker, std::size_t at = 0);

/// A number, the most significant byte first.
std::string number(std::uint64_t value, int bytes);
/// One of Photoshop's image resources.
std::string resource(int id, const std::string& data, const std::string& name = {},
                     const std::string& signature = "8BIM");
/// What a Photoshop segment begins with.
extern const std::string photoshop, exif, xmp, extended_xmp;
/// A packet around what a description holds: attributes, then elements.
std::string packet(const std::string& attributes, const std::string& elements = {});

/// A small picture with every kind of segment that there is, and something behind it.
calotype::Bytes full(bool progressive);

}  // namespace jpeg_file
