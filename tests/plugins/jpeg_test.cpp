// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
// clang-format off
#include <jpeglib.h>  // needs FILE
// clang-format on
#include <algorithm>
#include <cstdlib>
#include <opencv2/core.hpp>

#include "support.hpp"

using namespace calotype;

namespace {

/// One colour in four inks, as Adobe programs store it (inverted).
Bytes cmyk_jpeg(const unsigned char (&inks)[4]) {
  jpeg_compress_struct codec;
  jpeg_error_mgr errors;
  codec.err = jpeg_std_error(&errors);
  jpeg_create_compress(&codec);
  unsigned char* file = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&codec, &file, &size);
  codec.image_width = codec.image_height = 8;
  codec.input_components = 4;
  codec.in_color_space = JCS_CMYK;
  jpeg_set_defaults(&codec);
  jpeg_set_quality(&codec, 100, TRUE);
  jpeg_start_compress(&codec, TRUE);
  std::vector<unsigned char> row;
  for (int x = 0; x < 8; ++x) row.insert(row.end(), inks, inks + 4);
  for (JSAMPROW pointer = row.data(); codec.next_scanline < 8;) jpeg_write_scanlines(&codec, &pointer, 1);
  jpeg_finish_compress(&codec);
  jpeg_destroy_compress(&codec);
  const Bytes bytes(file, file + size);
  std::free(file);
  return bytes;
}

/// Where a marker begins, from `at` on.
std::size_t find_marker(const Bytes& bytes, std::uint8_t marker, std::size_t at = 0) {
  const std::uint8_t wanted[] = {0xFF, marker};
  return static_cast<std::size_t>(
      std::search(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(), wanted, wanted + 2) - bytes.begin());
}

constexpr std::uint8_t sos = 0xDA, dht = 0xC4;

std::string detail(const ImageInfo& info, const std::string& name) {
  for (const auto& [key, value] : info.details)
    if (key == name) return value;
  return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(jpeg)

BOOST_AUTO_TEST_CASE(cmyk_becomes_rgb) {
  const Image image = decode(cmyk_jpeg({255, 128, 0, 255}));  // no cyan, half magenta, full yellow, no black
  BOOST_REQUIRE(image.pixels.type() == CV_8UC3);
  const auto pixel = image.pixels.at<cv::Vec3b>(4, 4);
  BOOST_TEST(std::abs(pixel[2] - 255) <= 2);
  BOOST_TEST(std::abs(pixel[1] - 128) <= 2);
  BOOST_TEST(std::abs(pixel[0] - 0) <= 2);
}

BOOST_AUTO_TEST_CASE(parameters_reach_the_file) {
  const Image image = picture({64, 64}, 3, CV_8U);
  const auto info = [&](const RawParams& params) { return probe(encode(image, "jpeg", params)); };
  BOOST_TEST(detail(info({}), "process") == "progressive");
  BOOST_TEST(detail(info({{"progressive", "false"}}), "process") == "sequential");
  BOOST_TEST(detail(info({}), "subsampling") == "4:4:4");
  BOOST_TEST(detail(info({{"quality", "89"}}), "subsampling") == "4:2:0");
  BOOST_TEST(detail(info({{"subsampling", "422"}}), "subsampling") == "4:2:2");
  BOOST_TEST(encode(image, "jpeg", {{"quality", "20"}}).size() < encode(image, "jpeg", {{"quality", "95"}}).size());
}

BOOST_AUTO_TEST_CASE(a_file_cut_short_is_corrupt) {
  for (const char* progressive : {"true", "false"}) {
    Bytes bytes = encode(picture({64, 64}, 3, CV_8U), "jpeg", {{"progressive", progressive}});
    bytes.resize(bytes.size() * 3 / 4);
    BOOST_TEST(code_of([&] { decode(bytes); }) == ErrorCode::corrupt);
  }
}

BOOST_AUTO_TEST_CASE(thousands_of_scans_are_refused) {
  Bytes bytes = encode(picture({16, 16}, 3, CV_8U), "jpeg");
  const std::size_t begin = find_marker(bytes, sos), end = find_marker(bytes, dht, begin);
  const Bytes scan(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                   bytes.begin() + static_cast<std::ptrdiff_t>(end));
  Bytes copies;
  for (int i = 0; i < 1000; ++i) copies.insert(copies.end(), scan.begin(), scan.end());
  bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(end), copies.begin(), copies.end());
  BOOST_TEST(code_of([&] { decode(bytes); }) == ErrorCode::limit);
}

BOOST_AUTO_TEST_CASE(a_side_longer_than_the_format_allows_is_unsupported) {
  BOOST_TEST(code_of([] { encode(picture({70000, 1}, 1, CV_8U), "jpeg"); }) == ErrorCode::unsupported);
}

BOOST_AUTO_TEST_SUITE_END()
