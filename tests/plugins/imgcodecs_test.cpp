// SPDX-License-Identifier: Apache-2.0
// What codec_opencv adds to imgcodecs.
#include <opencv2/core.hpp>

#include "support.hpp"

using namespace calotype;

namespace {

Bytes bytes_of(const std::string& text) { return Bytes(text.begin(), text.end()); }

/// The pixels of tests/plugins/data/*: a ramp of 7x5.
cv::Vec4b ramp(int x, int y) {
  const int v = 7 * (7 * y + x);
  return cv::Vec4b(static_cast<uchar>(v / 2), static_cast<uchar>(255 - v), static_cast<uchar>(v),
                   static_cast<uchar>(v + 10));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(imgcodecs)

BOOST_AUTO_TEST_CASE(pnm_samples_fill_their_range) {
  const auto first = [](const std::string& text) {
    const cv::Mat pixels = decode(bytes_of(text)).pixels;
    return pixels.depth() == CV_16U ? pixels.at<ushort>(0, 0) : pixels.at<uchar>(0, 0);
  };
  BOOST_TEST(first("P5\n1 1\n255\n\x64") == 100);
  BOOST_TEST(first("P5\n1 1\n100\n\x64") == 255);
  BOOST_TEST(first("P2\n1 1\n100\n100\n") == 255);
  BOOST_TEST(first("P2\n1 1\n1000\n500\n") == 32768);
  BOOST_TEST(first("P5 # a comment\n1 1 1000\n\x03\xE8") == 65535);
  BOOST_TEST(first("P1\n1 1\n0\n") == 255);
}

BOOST_AUTO_TEST_CASE(pnm_headers_are_checked) {
  for (const std::string text :
       {"P5\n", "P5\n1 1", "P5\n0 1\n255\n1", "P5\n1 1\n70000\n1", "P5\n99999999999 1\n255\n1", "P5\nx 1\n255\n1"})
    BOOST_TEST_CONTEXT(text) BOOST_TEST(code_of([&] { probe(bytes_of(text)); }) == ErrorCode::corrupt);
}

BOOST_AUTO_TEST_CASE(tiff_alpha_is_not_premultiplied) {
  const Image image = read_image(TEST_DATA "/straight_alpha.tif");
  BOOST_REQUIRE(image.pixels.type() == CV_8UC4);
  BOOST_TEST(cv::norm(image.pixels.at<cv::Vec4b>(4, 3), ramp(3, 4), cv::NORM_INF) <= 1);
}

BOOST_AUTO_TEST_CASE(tiff_compressions_are_lossless) {
  const Image original = picture({30, 20}, 3, CV_32F);
  for (const char* compression : {"none", "lzw", "deflate"})
    BOOST_TEST(cv::norm(decode(encode(original, "tiff", {{"compression", compression}})).pixels, original.pixels,
                        cv::NORM_INF) == 0);
}

BOOST_AUTO_TEST_CASE(limits_hold_before_anything_is_allocated) {
  for (const std::string text : {"P5\n100000 100000\n255\n", "P6\n2000000000 2000000000\n65535\n"})
    BOOST_TEST(code_of([&] { decode(bytes_of(text)); }) == ErrorCode::limit);
}

BOOST_AUTO_TEST_SUITE_END()
