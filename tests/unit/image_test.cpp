// SPDX-License-Identifier: Apache-2.0
#include <opencv2/core.hpp>

#include "support.hpp"

using namespace calotype;

namespace {

/// An IFD0 with one entry before the orientation.
Bytes exif_with(int orientation, bool big_endian) {
  Bytes exif;
  const auto put = [&](std::uint32_t value, int width) {
    for (int i = 0; i < width; ++i) exif.push_back(std::uint8_t(value >> 8 * (big_endian ? width - 1 - i : i)));
  };
  exif.assign(2, big_endian ? 'M' : 'I');
  put(42, 2);
  put(8, 4);
  put(2, 2);
  put(0x0100, 2), put(4, 2), put(1, 4), put(640, 4);
  put(0x0112, 2), put(3, 2), put(1, 4), put(std::uint32_t(orientation), 2), put(0, 2);
  put(0, 4);
  return exif;
}

/// Where the sample at row r, column c of the stored 2x3 picture belongs, from the EXIF standard's own words:
/// "the 0th row is at the visual <side>, the 0th column at the visual <side>".
cv::Point upright(int orientation, int r, int c) {
  const int last_row = 1, last_column = 2;
  switch (orientation) {
    case 1:
      return {c, r};  // top, left
    case 2:
      return {last_column - c, r};  // top, right
    case 3:
      return {last_column - c, last_row - r};  // bottom, right
    case 4:
      return {c, last_row - r};  // bottom, left
    case 5:
      return {r, c};  // left, top
    case 6:
      return {last_row - r, c};  // right, top
    case 7:
      return {last_row - r, last_column - c};  // right, bottom
    default:
      return {r, last_column - c};  // left, bottom
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(image)

BOOST_AUTO_TEST_CASE(all_orientations_turn_upright_once) {
  for (const bool big_endian : {false, true})
    for (int orientation = 1; orientation <= 8; ++orientation) {
      Image image;
      image.pixels = (cv::Mat_<std::uint16_t>(2, 3) << 1, 2, 3, 4, 5, 6);
      image.mask = (cv::Mat_<std::uint8_t>(2, 3) << 1, 2, 3, 4, 5, 6);
      image.meta.exif = exif_with(orientation, big_endian);
      BOOST_TEST(exif_orientation(image.meta.exif) == orientation);
      const cv::Mat stored = image.pixels.clone();
      apply_orientation(image);
      BOOST_TEST(image.pixels.rows == (orientation < 5 ? 2 : 3));
      for (int r = 0; r < 2; ++r)
        for (int c = 0; c < 3; ++c) {
          const cv::Point where = upright(orientation, r, c);
          BOOST_TEST(image.pixels.at<std::uint16_t>(where) == stored.at<std::uint16_t>(r, c));
          BOOST_TEST(image.mask.at<std::uint8_t>(where) == stored.at<std::uint16_t>(r, c));
        }
      BOOST_TEST(image.meta.exif == exif_with(1, big_endian));
    }
}

BOOST_AUTO_TEST_CASE(bad_exif_is_orientation_one) {
  const Bytes whole = exif_with(6, false);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // Bytes after the value do not matter.
    const int expected = size < 32 ? 1 : 6;
    BOOST_TEST(exif_orientation(Bytes(whole.begin(), whole.begin() + std::ptrdiff_t(size))) == expected);
  }
  BOOST_TEST(exif_orientation(exif_with(0, true)) == 1);
  BOOST_TEST(exif_orientation(exif_with(9, true)) == 1);
  Bytes far = whole;
  far[4] = far[5] = far[6] = far[7] = 0xff;
  BOOST_TEST(exif_orientation(far) == 1);
}

BOOST_AUTO_TEST_CASE(only_documented_images_are_valid) {
  for (const int type : {CV_8UC1, CV_8UC2, CV_8UC3, CV_8UC4, CV_16UC3, CV_32FC4}) {
    Image image;
    image.pixels = cv::Mat::zeros(3, 2, type);
    validate(image);
    image.mask = cv::Mat::zeros(3, 2, CV_8U);
    validate(image);
    image.mask = cv::Mat::zeros(2, 3, CV_8U);
    BOOST_CHECK_THROW(validate(image), Error);
    image.mask = cv::Mat::zeros(3, 2, CV_16U);
    BOOST_CHECK_THROW(validate(image), Error);
  }
  for (const int type : {CV_8UC(5), CV_8SC1, CV_64FC3, CV_32SC1}) {
    Image image;
    image.pixels = cv::Mat::zeros(3, 2, type);
    BOOST_TEST((error_of([&] { validate(image); }).code() == ErrorCode::unsupported));
  }
  BOOST_CHECK_THROW(validate(Image()), Error);
}

BOOST_AUTO_TEST_SUITE_END()
