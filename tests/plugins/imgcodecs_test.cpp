// SPDX-License-Identifier: Apache-2.0
// What codec_opencv adds to imgcodecs.
#include <opencv2/core.hpp>

#include "support.hpp"

using namespace calotype;

namespace {

/// The pixels of tests/plugins/data/*: a ramp of 7x5.
cv::Vec4b ramp(int x, int y) {
  const int v = 7 * (7 * y + x);
  return cv::Vec4b(static_cast<uchar>(v / 2), static_cast<uchar>(255 - v), static_cast<uchar>(v),
                   static_cast<uchar>(v + 10));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(imgcodecs)

BOOST_AUTO_TEST_CASE(jpeg_2000_is_read) {
  const Bytes bytes = read_file(TEST_DATA "/colour.jp2");
  const Image image = decode(bytes);
  BOOST_REQUIRE(image.pixels.type() == CV_8UC3);
  BOOST_REQUIRE((image.pixels.size() == cv::Size(7, 5)));
  const cv::Vec4b expected = ramp(3, 2);
  BOOST_TEST((image.pixels.at<cv::Vec3b>(2, 3) == cv::Vec3b(expected[0], expected[1], expected[2])));
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

BOOST_AUTO_TEST_CASE(webp_can_be_lossless) {
  const Image original = picture({30, 20}, 4, CV_8U);
  BOOST_TEST(cv::norm(decode(encode(original, "webp", {{"lossless", "true"}})).pixels, original.pixels, cv::NORM_INF) ==
             0);
}

BOOST_AUTO_TEST_SUITE_END()
