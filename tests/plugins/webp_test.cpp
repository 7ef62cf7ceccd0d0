// SPDX-License-Identifier: Apache-2.0
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "support.hpp"
#include "webp_file.hpp"

using namespace calotype;
using namespace webp_file;

namespace {

Bytes turned_exif() { return {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0}; }

/// 300 by 300 to an inch.
Bytes density_exif() {
  Bytes exif = {'I', 'I', 42, 0, 8, 0, 0, 0, 2, 0};
  for (const int tag : {0x11A, 0x11B}) {
    put(exif, std::size_t(tag), 2);
    put(exif, 5, 2);
    put(exif, 1, 4);
    put(exif, 38, 4);
  }
  put(exif, 0, 4);
  put(exif, 300, 4);
  put(exif, 1, 4);
  return exif;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(webp)

BOOST_AUTO_TEST_CASE(webp_can_be_lossless) {
  const Image original = picture({30, 20}, 4, CV_8U);
  BOOST_TEST(cv::norm(decode(encode(original, "webp", {{"lossless", "true"}})).pixels, original.pixels, cv::NORM_INF) ==
             0);
}

BOOST_AUTO_TEST_CASE(grey_becomes_rgb_that_looks_the_same) {
  for (const int channels : {1, 2}) {
    Image grey = picture({30, 20}, channels, CV_8U);
    grey.meta.icc = grey_profile(power_transfer(1.5));
    Losses losses;
    Image colour = decode(encode(grey, "webp", {{"lossless", "on"}}, {}, "picture", &losses));
    BOOST_TEST(losses.empty());
    BOOST_TEST(colour.lost.empty());
    BOOST_TEST(colour.pixels.channels() == channels + 2);
    BOOST_TEST((colour_space(colour.meta.icc) == ColourSpace::rgb));
    to_srgb(grey);
    to_colour(grey);
    to_srgb(colour);
    BOOST_TEST(cv::norm(colour.pixels, grey.pixels, cv::NORM_INF) <= 1);
  }
}

BOOST_AUTO_TEST_CASE(orientation_is_known_before_the_pixels) {
  const cv::Mat pixels = picture({30, 20}, 3, CV_8U).pixels;
  const std::string prefix("Exif\0\0", 6);  // which belongs to JPEG
  for (const Bytes& exif : {turned_exif(), joined({Bytes(prefix.begin(), prefix.end()), turned_exif()})}) {
    const Bytes file = riff({features(8, pixels.size()), picture_chunks(pixels), chunk("EXIF", exif)});
    BOOST_TEST(probe(file).width == 20);
    BOOST_TEST(probe(file).orientation == 6);
    BOOST_TEST(decode(file).pixels.cols == 20);
  }
}

BOOST_AUTO_TEST_CASE(what_has_no_place_is_said) {
  Image image = picture({9, 7}, 3, CV_8U);
  image.meta.iptc = {0x1C, 2, 80, 0, 1, 'x'};
  image.meta.text = {{"Comment", "yes"}};
  image.meta.density = {300, 300};
  const auto losses = [&] {
    Losses of;
    encode(image, "webp", {}, {}, "picture", &of);
    return of;
  };
  for (const LossKind kind : {LossKind::iptc, LossKind::text, LossKind::density}) BOOST_TEST(losses().has(kind));
  image.meta.iptc.clear();
  image.meta.text.clear();
  image.meta.exif = density_exif();
  BOOST_TEST(losses().empty());
  BOOST_TEST(decode(encode(image, "webp")).meta.density.x == 300);
}

BOOST_AUTO_TEST_CASE(of_an_animation_the_first_frame_is_read) {
  const cv::Size canvas(40, 30);
  const cv::Mat whole = picture(canvas, 3, CV_8U).pixels, part = picture({20, 10}, 3, CV_8U).pixels,
                seen_through = picture({20, 10}, 4, CV_8U).pixels;
  const Bytes control = chunk("ANIM", Bytes(6, 0xFF));
  Image image = decode(riff({features(kAnimation, canvas), control, frame({0, 0}, whole), frame({4, 2}, part)}));
  BOOST_TEST(cv::norm(image.pixels, whole, cv::NORM_INF) == 0);
  BOOST_TEST(image.lost.has(LossKind::frames));

  for (const cv::Mat& small : {part, seen_through}) {
    const Bytes file = riff({features(kAnimation | 16, canvas), control, frame({6, 8}, small)});
    BOOST_TEST(probe(file).channels == 4);
    image = decode(file);
    BOOST_TEST(image.lost.empty());
    BOOST_REQUIRE(image.pixels.type() == CV_8UC4);
    cv::Mat expected(canvas, CV_8UC4, cv::Scalar::all(0)), there = small;
    if (small.channels() == 3) cv::cvtColor(small, there, cv::COLOR_BGR2BGRA);
    there.copyTo(expected(cv::Rect({6, 8}, small.size())));
    BOOST_TEST(cv::norm(image.pixels, expected, cv::NORM_INF) == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_frame_of_lossy_colour_and_alpha_is_read) {
  Image image = picture({20, 10}, 4, CV_8U);
  const Bytes file = encode(image, "webp");
  Bytes payload(16);
  payload[6] = 19;
  payload[9] = 9;
  const Bytes chunks(file.begin() + 12 + 18, file.end());  // behind VP8X
  const Bytes animation =
      riff({features(kAnimation, {20, 10}), chunk("ANIM", Bytes(6)), chunk("ANMF", joined({payload, chunks}))});
  BOOST_TEST(cv::norm(decode(animation).pixels, decode(file).pixels, cv::NORM_INF) == 0);
}

BOOST_AUTO_TEST_CASE(impossible_animations_are_corrupt) {
  const cv::Size canvas(40, 30);
  const cv::Mat part = picture({20, 10}, 3, CV_8U).pixels;
  Bytes wrong_size = frame({0, 0}, part);
  ++wrong_size[8 + 6];
  for (const Bytes& frames : {Bytes(), frame({22, 0}, part), frame({0, 22}, part), wrong_size, chunk("ANMF", Bytes(16)),
                              chunk("ANMF", Bytes(3))}) {
    const Bytes file = riff({features(kAnimation, canvas), chunk("ANIM", Bytes(6)), frames});
    BOOST_TEST(code_of([&] { decode(file); }) == ErrorCode::corrupt);
  }
}

BOOST_AUTO_TEST_CASE(what_is_dropped_is_said) {
  const cv::Mat pixels = picture({9, 7}, 3, CV_8U).pixels;
  const Bytes head = features(8, pixels.size()), middle = picture_chunks(pixels);
  const auto losses = [](const Bytes& file) { return decode(file).lost; };
  BOOST_TEST(losses(riff({head, middle})).empty());
  Bytes cut = chunk("EXIF", turned_exif());
  cut.resize(cut.size() - 4);
  BOOST_TEST(losses(riff({head, middle, cut})).has(LossKind::exif));
  BOOST_TEST(losses(riff({head, middle, chunk("EXIF", Bytes(20))})).has(LossKind::exif));
  BOOST_TEST(losses(riff({head, middle, chunk("C2PA", Bytes(20))})).has(LossKind::extra));
  Bytes file = riff({head, middle});
  file.resize(file.size() + 10);
  BOOST_TEST(losses(file).empty());
  file.push_back('x');
  BOOST_TEST(losses(file).has(LossKind::extra));
}

BOOST_AUTO_TEST_SUITE_END()
