// SPDX-License-Identifier: Apache-2.0
// Pixels that are written as TIFF.
#include <opencv2/core.hpp>

#include "support.hpp"

using namespace calotype;

namespace {

/// Values of a little-endian file's only directory that fit their entries.
std::map<int, int> tags_of(const Bytes& file) {
  const auto number = [&](std::size_t at, int width) {
    std::uint32_t value = 0;
    for (int i = width - 1; i >= 0; --i) value = value << 8 | file[at + std::size_t(i)];
    return value;
  };
  std::map<int, int> tags;
  const std::size_t directory = number(4, 4);
  for (std::uint32_t i = 0; i < number(directory, 2); ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    tags[int(number(entry, 2))] = int(number(entry + 8, number(entry + 2, 2) == 3 ? 2 : 4));
  }
  return tags;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tiff_encoder)

BOOST_AUTO_TEST_CASE(every_kind_comes_back_exactly) {
  const auto encoders = Registry::global().describe(Kind::encoder, "tiff").element.params;
  for (const std::string& compression : encoders.at(0).choices)
    for (const int depth : {CV_8U, CV_16U, CV_32F})
      for (const int channels : {1, 2, 3, 4}) BOOST_TEST_CONTEXT(compression << " " << depth << " " << channels) {
          Image image = picture({300, 299}, channels, depth);
          Losses lost;
          const Image back = decode(encode(image, "tiff", {{"compression", compression}}, {}, "memory", &lost));
          BOOST_TEST(lost.empty());
          BOOST_TEST(back.lost.empty());
          BOOST_TEST(back.pixels.type() == image.pixels.type());
          BOOST_TEST(cv::norm(back.pixels, image.pixels, cv::NORM_INF) == 0);
        }
}

BOOST_AUTO_TEST_CASE(colours_under_transparency_stay) {
  Image image = picture({10, 10}, 4, CV_8U);
  for (int y = 0; y < 10; ++y) image.pixels.at<cv::Vec4b>(y, 3)[3] = 0;
  BOOST_TEST(cv::norm(decode(encode(image, "tiff")).pixels, image.pixels, cv::NORM_INF) == 0);
}

BOOST_AUTO_TEST_CASE(the_file_says_what_it_holds) {
  auto tags = tags_of(encode(picture({1000, 1000}, 4, CV_8U), "tiff"));
  BOOST_TEST(tags.at(259) == 5);  // LZW
  BOOST_TEST(tags.at(262) == 2);  // RGB
  BOOST_TEST(tags.at(278) == 65);
  BOOST_TEST(tags.at(317) == 2);  // differences
  BOOST_TEST(tags.at(338) == 2);  // alpha is straight
  tags = tags_of(encode(picture({10, 10}, 1, CV_32F), "tiff", {{"compression", "deflate"}}));
  BOOST_TEST(tags.at(259) == 8);
  BOOST_TEST(tags.at(262) == 1);
  BOOST_TEST(tags.at(278) == 10);
  BOOST_TEST(tags.at(317) == 3);
  BOOST_TEST(tags.at(339) == 3);
  BOOST_TEST(tags.count(338) == 0);
  BOOST_TEST(tags_of(encode(picture({10, 10}, 1, CV_8U), "tiff", {{"compression", "none"}})).count(317) == 0);
}

BOOST_AUTO_TEST_CASE(part_of_a_larger_picture) {
  Image image;
  image.pixels = picture({50, 40}, 3, CV_16U).pixels(cv::Rect(5, 6, 20, 10));
  BOOST_TEST(cv::norm(decode(encode(image, "tiff")).pixels, image.pixels, cv::NORM_INF) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
