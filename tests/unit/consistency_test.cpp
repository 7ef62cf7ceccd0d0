// SPDX-License-Identifier: Apache-2.0
#include "../../lib/src/consistency.hpp"

#include <limits>
#include <opencv2/core.hpp>

#include "../../lib/src/exif_block.hpp"
#include "calotype/colour.hpp"
#include "calotype/log.hpp"
#include "support.hpp"

using namespace calotype;

namespace {

constexpr auto kImage = ExifBlock::Directory::image;

std::string detail(const Losses& lost, LossKind kind) {
  for (const Loss& loss : lost)
    if (loss.kind == kind) return loss.detail;
  return {};
}

/// Orientation 6, the size before turning, and a small copy behind them.
Bytes exif() {
  Bytes bytes = {'I', 'I', 42, 0, 8, 0, 0, 0, 3, 0};
  const auto entry = [&](int tag, int value) {
    for (const int byte : {tag & 255, tag >> 8, 3, 0, 1, 0, 0, 0, value, 0, 0, 0}) bytes.push_back(std::uint8_t(byte));
  };
  entry(0x0100, 30);
  entry(0x0101, 20);
  entry(0x0112, 6);
  bytes.insert(bytes.end(), {50, 0, 0, 0, 2, 0});
  entry(0x0201, 80);
  entry(0x0202, 10);
  bytes.insert(bytes.end(), 4, 0);
  bytes.insert(bytes.end(), 10, 't');
  return bytes;
}

std::string packet(const std::string& attributes) {
  return "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description "
         "xmlns:tiff='http://ns.adobe.com/tiff/1.0/' xmlns:cam='http://ns.google.com/photos/1.0/camera/' " +
         attributes + "/></rdf:RDF>";
}

Image plain(int type, cv::Size size = {30, 20}) {
  Image image;
  image.pixels = cv::Mat(size, type, cv::Scalar::all(0.5));
  return image;
}

std::string text_of(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(consistency)

BOOST_AUTO_TEST_CASE(a_turned_picture_and_all_that_tells_of_it) {
  Image image = plain(CV_8UC3);
  image.meta.exif = exif();
  image.meta.xmp = bytes_of(packet("tiff:Orientation='6' tiff:ImageWidth='30' cam:MotionPhoto='1'"));
  make_consistent(image, {});
  BOOST_TEST(image.pixels.cols == 20);
  BOOST_TEST(image.pixels.rows == 30);
  ExifBlock block(image.meta.exif);
  BOOST_TEST(block.number(kImage, ExifBlock::orientation).value() == 1u);
  BOOST_TEST(block.number(kImage, ExifBlock::image_width).value() == 20u);
  BOOST_TEST(block.number(kImage, ExifBlock::image_length).value() == 30u);
  BOOST_TEST(image.meta.exif.size() == exif().size() - 10);
  check_contains(text_of(image.meta.xmp), "tiff:Orientation=\"1\"");
  check_contains(text_of(image.meta.xmp), "tiff:ImageWidth=\"20\"");
  BOOST_TEST(image.lost.has(LossKind::thumbnail));
  BOOST_TEST(detail(image.lost, LossKind::extra) == "a motion photo, which the metadata tells of, is left out");
  const Bytes again = image.meta.exif;
  image.lost = {};
  make_consistent(image, {});
  BOOST_TEST(image.pixels.cols == 20);
  BOOST_TEST((image.meta.exif == again));
  BOOST_TEST(image.lost.empty());
}

BOOST_AUTO_TEST_CASE(encoders_see_metadata_that_fits_the_pixels) {
  Image image = plain(CV_8UC3, {10, 15});  // a stage has made it smaller
  image.meta.exif = exif();
  image.meta.icc = grey_profile(srgb_transfer());
  image.lost.add(LossKind::alpha, "before");
  Losses lost;
  Image seen = consistent(image, lost);
  BOOST_TEST(ExifBlock(seen.meta.exif).number(kImage, ExifBlock::image_width).value() == 10u);
  BOOST_TEST(seen.meta.icc.empty());
  BOOST_TEST(lost.has(LossKind::icc));
  BOOST_TEST(!lost.has(LossKind::alpha));
  BOOST_TEST((image.meta.exif == exif()));
}

BOOST_AUTO_TEST_CASE(profiles_of_other_colour_spaces_go) {
  const Bytes grey = grey_profile(srgb_transfer()), rgb = rgb_profile(srgb_primaries(), srgb_transfer());
  for (const int channels : {1, 2, 3, 4})
    for (const Bytes& profile : {grey, rgb, Bytes(200, 'x'), Bytes()}) {
      Image image = plain(CV_8UC(channels));
      image.meta.icc = profile;
      make_consistent(image, {});
      const bool fits = profile.empty() || profile == (channels < 3 ? grey : rgb);
      BOOST_TEST((image.meta.icc == (fits ? profile : Bytes())));
      BOOST_TEST(image.lost.has(LossKind::icc) == !fits);
    }
}

BOOST_AUTO_TEST_CASE(samples_that_are_no_numbers) {
  Image image = plain(CV_32FC2);
  make_consistent(image, {});
  BOOST_TEST(image.lost.empty());
  constexpr float kInfinite = std::numeric_limits<float>::infinity();
  image.pixels.at<cv::Vec2f>(1, 2) = {std::nanf(""), kInfinite};
  image.pixels.at<cv::Vec2f>(2, 2) = {-kInfinite, 1.5f};
  make_consistent(image, {});
  BOOST_TEST((image.pixels.at<cv::Vec2f>(1, 2) == cv::Vec2f(0, 1)));
  BOOST_TEST((image.pixels.at<cv::Vec2f>(2, 2) == cv::Vec2f(0, 1.5f)));
  check_contains(detail(image.lost, LossKind::pixels), "3 samples are not a finite number");
  Image bright = plain(CV_32FC3);
  bright.pixels *= 400;
  make_consistent(bright, {});
  check_contains(detail(bright.lost, LossKind::pixels), "-p white=255");
}

BOOST_AUTO_TEST_CASE(density_comes_from_exif_where_the_file_has_none) {
  Image image = plain(CV_8UC3);
  image.meta.exif = {'M',  'M', 0, 42, 0, 0, 0, 8, 0, 2, 1,  0x1A, 0, 5, 0, 0, 0, 1, 0,  0, 0, 38, 1,
                     0x1B, 0,   5, 0,  0, 0, 1, 0, 0, 0, 38, 0,    0, 0, 0, 0, 0, 1, 44, 0, 0, 0,  2};
  Image other = image;
  make_consistent(image, {});
  BOOST_TEST(image.meta.density.x == 150);
  BOOST_TEST(image.meta.density.y == 150);
  other.meta.density = {72, 72};
  make_consistent(other, {});
  BOOST_TEST(other.meta.density.x == 72);
}

BOOST_AUTO_TEST_CASE(xmp_that_cannot_be_read_is_said) {
  Image image = plain(CV_8UC3);
  image.meta.xmp = bytes_of("<a Orientation='6'>");
  make_consistent(image, {});
  BOOST_TEST(image.meta.xmp.empty());
  BOOST_TEST(image.lost.has(LossKind::xmp));
  BOOST_TEST(!image.lost.has(LossKind::extra));
}

BOOST_AUTO_TEST_CASE(losses_are_warnings_or_an_error) {
  std::string said;
  set_log_sink([&](LogLevel level, const std::string& line) {
    said += (level == LogLevel::warning ? "warning " : "other ") + line + "\n";
  });
  Losses lost;
  lost.add(LossKind::thumbnail, "small");
  lost.add(LossKind::icc, "profile");
  lost.add(LossKind::icc, "more");
  announce(lost, {}, "file");
  BOOST_TEST(said == "other file: small\nwarning file: profile; more\n");
  Rules strict;
  strict.strict = true;
  BOOST_TEST((error_of([&] { announce(lost, strict, "file"); }).code() == ErrorCode::unsupported));
  Losses thumbnail;
  thumbnail.add(LossKind::thumbnail, "small");
  announce(thumbnail, strict, "file");
  set_log_sink({});
}

BOOST_AUTO_TEST_SUITE_END()
