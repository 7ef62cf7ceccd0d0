// SPDX-License-Identifier: Apache-2.0
// What codec_opencv adds to imgcodecs.
#include <algorithm>
#include <opencv2/core.hpp>

#include "support.hpp"

using namespace calotype;

namespace {

/// The numbers in so many bytes each, lowest first.
Bytes little(int bytes, const std::vector<std::uint32_t>& numbers) {
  Bytes made;
  for (const std::uint32_t number : numbers)
    for (int i = 0; i < bytes; ++i) made.push_back(static_cast<std::uint8_t>(number >> 8 * i));
  return made;
}

/// `header` begins with its own size; what lies between it and the pixels is part of it.
Bytes bmp(const Bytes& header, const Bytes& pixels) {
  const std::size_t beginning = 14 + header.size();
  Bytes file(beginning + pixels.size(), 0);
  file[0] = 'B';
  file[1] = 'M';
  file[10] = static_cast<std::uint8_t>(beginning);
  file[11] = static_cast<std::uint8_t>(beginning >> 8);
  std::copy(header.begin(), header.end(), file.begin() + 14);
  std::copy(pixels.begin(), pixels.end(), file.begin() + std::ptrdiff_t(beginning));
  return file;
}

/// One pixel of 32 bits, 1 2 3 4, with masks.
Bytes bmp_with_masks(std::uint32_t header_size, const std::vector<std::uint32_t>& masks) {
  Bytes header = little(4, {header_size, 1, 1, 1 | 32 << 16, 3, 0, 0, 0, 0, 0});
  const Bytes after = little(4, masks);
  header.insert(header.end(), after.begin(), after.end());
  header.resize(std::max<std::size_t>(header_size, 52));
  return bmp(header, {1, 2, 3, 4});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(imgcodecs)

BOOST_AUTO_TEST_CASE(bmp_of_os2_keeps_its_colours) {
  const auto check = [](const Bytes& bytes) {
    BOOST_TEST(probe(bytes).channels == 3);
    const cv::Mat pixels = decode(bytes).pixels;
    BOOST_REQUIRE(pixels.type() == CV_8UC3);
    BOOST_TEST((pixels.at<cv::Vec3b>(0, 0) == cv::Vec3b(10, 20, 30)));
    BOOST_TEST((pixels.at<cv::Vec3b>(0, 1) == cv::Vec3b(40, 50, 60)));
  };
  const auto header = [](std::uint32_t bits) { return little(2, {12, 0, 2, 1, 1, bits}); };
  check(bmp(header(24), {10, 20, 30, 40, 50, 60, 0, 0}));
  Bytes palette = header(1);
  palette.insert(palette.end(), {10, 20, 30, 40, 50, 60});
  check(bmp(palette, {0x40, 0, 0, 0}));
  BOOST_TEST(code_of([&] { decode(bmp(header(24), {10, 20, 30})); }) == ErrorCode::corrupt);
  BOOST_TEST(code_of([&] { decode(bmp(header(8), {})); }) == ErrorCode::corrupt);
}

BOOST_AUTO_TEST_CASE(bmp_masks_say_where_colours_and_alpha_are) {
  const auto check = [](const Bytes& bytes, const std::vector<int>& expected) {
    const cv::Mat pixels = decode(bytes).pixels;
    BOOST_TEST(probe(bytes).channels == pixels.channels());
    BOOST_TEST(std::vector<int>(pixels.ptr(), pixels.ptr() + pixels.channels()) == expected,
               boost::test_tools::per_element());
  };
  for (const std::uint32_t header : {40u, 52u}) {
    check(bmp_with_masks(header, {0xff0000, 0xff00, 0xff}), {1, 2, 3});
    check(bmp_with_masks(header, {0xff, 0xff00, 0xff0000}), {3, 2, 1});
    BOOST_TEST(code_of([&] {
                 decode(bmp_with_masks(header, {0x3ff00000, 0xffc00, 0x3ff}));
               }) == ErrorCode::unsupported);
  }
  for (const std::uint32_t header : {56u, 108u}) {
    check(bmp_with_masks(header, {0xff, 0xff00, 0xff0000, 0}), {3, 2, 1});
    check(bmp_with_masks(header, {0xff0000, 0xff00, 0xff, 0xff000000}), {1, 2, 3, 4});
  }
}

BOOST_AUTO_TEST_SUITE_END()
