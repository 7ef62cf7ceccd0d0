// SPDX-License-Identifier: Apache-2.0
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "jp2_file.hpp"
#include "support.hpp"

using namespace calotype;
using namespace jp2_file;

namespace {

using namespace std::string_literals;

Bytes turned_exif() { return {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0}; }

/// As small as OpenJPEG makes them.
cv::Mat sample(int count, int depth = CV_8U) { return picture({40, 32}, count, depth).pixels; }

void check(const Bytes& file, const cv::Mat& expected, double tolerance = 0) {
  const Image image = decode(file);
  BOOST_REQUIRE(image.pixels.type() == expected.type());
  BOOST_REQUIRE(image.pixels.size() == expected.size());
  BOOST_TEST(cv::norm(image.pixels, expected, cv::NORM_INF) <= tolerance);
  BOOST_TEST(probe(file).channels == expected.channels());
  BOOST_TEST(image.lost.empty());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(jp2)

BOOST_AUTO_TEST_CASE(a_file_of_another_program_is_read) {
  const Image image = decode(read_file(TEST_DATA "/colour.jp2"));
  BOOST_REQUIRE(image.pixels.type() == CV_8UC3);
  BOOST_REQUIRE((image.pixels.size() == cv::Size(7, 5)));
  BOOST_TEST((image.pixels.at<cv::Vec3b>(2, 3) == cv::Vec3b(59, 136, 119)));
}

BOOST_AUTO_TEST_CASE(colours_and_depths) {
  for (const int depth : {CV_8U, CV_16U}) {
    check(boxed(sample(1, depth), {colours(kGrey)}), sample(1, depth));
    check(boxed(sample(3, depth), {colours(kSrgb)}), sample(3, depth));
    check(boxed(sample(4, depth), {colours(kSrgb)}), sample(4, depth));
    check(codestream(sample(3, depth)), sample(3, depth));
  }
}

BOOST_AUTO_TEST_CASE(profiles_are_kept) {
  const Bytes rgb = rgb_profile(srgb_primaries(), power_transfer(1.8)), grey = grey_profile(power_transfer(1.8));
  BOOST_TEST((decode(boxed(sample(3), {profile(rgb)})).meta.icc == rgb));
  BOOST_TEST((decode(boxed(sample(1), {profile(grey), colours(kGrey)})).meta.icc == grey));
  const Bytes vendor = box("colr", Bytes{4, 0, 0, 1, 2, 3, 4});
  BOOST_TEST((decode(boxed(sample(3), {vendor, profile(rgb)})).meta.icc == rgb));
  BOOST_TEST(decode(boxed(sample(3), {vendor})).lost.has(LossKind::colour));
}

BOOST_AUTO_TEST_CASE(sycc_becomes_rgb) {
  const cv::Mat bgr = sample(3);
  cv::Mat ycrcb, stored(bgr.size(), CV_8UC3);
  cv::cvtColor(bgr, ycrcb, cv::COLOR_BGR2YCrCb);
  cv::mixChannels(std::vector<cv::Mat>{ycrcb}, std::vector<cv::Mat>{stored}, {0, 2, 2, 1, 1, 0});  // Cr, Cb, Y
  check(boxed(stored, {colours(kSycc)}), bgr, 2);
}

BOOST_AUTO_TEST_CASE(inks_become_rgb) {
  cv::Mat stored(32, 32, CV_8UC4, cv::Scalar(0, 0, 255, 51));  // yellow, magenta, cyan, black
  const Image image = decode(boxed(stored, {colours(kCmyk)}));
  BOOST_REQUIRE(image.pixels.type() == CV_8UC3);
  BOOST_TEST((image.pixels.at<cv::Vec3b>(1, 1) == cv::Vec3b(204, 204, 0)));
  BOOST_TEST(image.lost.has(LossKind::colour));
}

BOOST_AUTO_TEST_CASE(channels_go_where_they_belong) {
  const cv::Mat bgra = sample(4);
  cv::Mat stored(bgra.size(), CV_8UC4);  // components alpha, B, G, R
  cv::mixChannels(std::vector<cv::Mat>{bgra}, std::vector<cv::Mat>{stored}, {3, 2, 0, 1, 1, 0, 2, 3});
  check(boxed(stored, {colours(kSrgb), channels({{0, 1, 0}, {1, 0, 3}, {2, 0, 2}, {3, 0, 1}})}), bgra);

  const Bytes unspecified = channels({{0, 0, 1}, {1, 0, 2}, {2, 0, 3}, {3, 0xFFFF, 0xFFFF}});
  const Image image = decode(boxed(bgra, {colours(kSrgb), unspecified}));
  BOOST_TEST(image.pixels.channels() == 3);
  BOOST_TEST(image.lost.has(LossKind::extra));
}

BOOST_AUTO_TEST_CASE(what_would_be_shown_wrong_is_refused) {
  const Bytes palette = box("pclr", number(0, 3)), multiplied = channels({{3, 2, 0}});
  for (const Bytes& file : {boxed(sample(1), {colours(kSrgb), palette}), boxed(sample(4), {colours(kSrgb), multiplied}),
                            boxed(sample(3), {colours(kLab)}), boxed(sample(3), {colours(kGrey)}),
                            boxed(sample(4), {colours(kSycc)}), boxed(sample(3), {colours(kCmyk)})})
    BOOST_TEST(code_of([&] { probe(file); }) == ErrorCode::unsupported);
}

BOOST_AUTO_TEST_CASE(odd_codestreams_are_refused_before_they_are_decoded) {
  const Bytes stream = codestream(sample(3));
  const auto changed = [&](std::size_t at, std::uint8_t value) {
    Bytes bytes = stream;
    bytes[at] = value;
    return bytes;
  };
  BOOST_TEST(code_of([&] { probe(changed(19, 1)); }) == ErrorCode::unsupported);    // an offset
  BOOST_TEST(code_of([&] { probe(changed(41, 2)); }) == ErrorCode::unsupported);    // components
  BOOST_TEST(code_of([&] { probe(changed(42, 4)); }) == ErrorCode::unsupported);    // 5 bits
  BOOST_TEST(code_of([&] { probe(changed(42, 135)); }) == ErrorCode::unsupported);  // signed
  BOOST_TEST(code_of([&] { probe(changed(43, 2)); }) == ErrorCode::unsupported);    // subsampled
  BOOST_TEST(code_of([&] { decode(changed(8, 1)); }) == ErrorCode::limit);          // 16 million pixels wide and more
  // The size that counts is that of the picture which is decoded, wherever another one stands.
  const Bytes large = box("jp2c", changed(8, 1)), small = box("jp2c", stream);
  const Bytes head = joined({box("jP  ", bytes_of("\r\n\x87\n")), box("ftyp", bytes_of("jp2 \0\0\0\0jp2 "s))});
  BOOST_TEST(code_of([&] { decode(joined({head, large, small})); }) == ErrorCode::limit);
  const Image image = decode(joined({head, small, large}));
  BOOST_TEST(image.pixels.cols == 40);
  BOOST_TEST(image.lost.has(LossKind::frames));
}

BOOST_AUTO_TEST_CASE(density_is_read) {
  const auto resolution = [](const std::string& type, std::size_t vertical, std::size_t horizontal) {
    return box(type, joined({number(vertical, 2), number(1, 2), number(horizontal, 2), number(100, 2), {0, 2}}));
  };
  const auto density = [](const Bytes& inner) { return decode(boxed(sample(3), {box("res ", inner)})).meta.density; };
  const Bytes display = resolution("resd", 11811, 2835), capture = resolution("resc", 100, 100);
  for (const Bytes& inner : {display, joined({display, capture}), joined({capture, display})}) {
    BOOST_TEST(density(inner).y == 300);
    BOOST_TEST(density(inner).x == 72);
  }
  BOOST_TEST(density(capture).known());
  BOOST_TEST(!density(box("resd", Bytes(10))).known());
}

BOOST_AUTO_TEST_CASE(metadata_is_read) {
  const std::string iptc_id = "\x33\xC7\xA4\xD2\xB8\x1D\x47\x23\xA0\xBA\xF1\xA3\xE0\x97\xAD\x38",
                    xmp_id = "\xBE\x7A\xCF\xCB\x97\xA9\x42\xE8\x9C\x71\x99\x94\x91\xE3\xAF\xAC",
                    photoshop_id = "\x2C\x4C\x01\x00\x85\x04\x40\xB9\xA0\x3E\x56\x21\x48\xD6\xDF\xEB"s;
  const Bytes iptc = {0x1C, 2, 80, 0, 2, 'm', 'e'}, xmp = bytes_of("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>");
  const Bytes file = boxed(
      sample(3), {colours(kSrgb)},
      {uuid("JpgTiffExif->JP2", turned_exif()), uuid(xmp_id, xmp), uuid(iptc_id, iptc), box("xml ", bytes_of("<a/>"))});
  BOOST_TEST(probe(file).orientation == 6);
  BOOST_TEST(probe(file).width == 32);
  const Image image = decode(file);
  BOOST_TEST(image.pixels.cols == 32);
  BOOST_TEST((image.meta.xmp == xmp));
  BOOST_TEST((image.meta.iptc == iptc));
  BOOST_REQUIRE(image.meta.text.size() == 1);
  BOOST_TEST(image.meta.text[0].second == "<a/>");
  BOOST_TEST(image.lost.empty());

  const Bytes resource = joined({bytes_of("8BIM\4\4\0\0\0\0\0\7"s), iptc, {0}});
  BOOST_TEST((decode(boxed(sample(3), {}, {uuid(photoshop_id, resource)})).meta.iptc == iptc));
}

BOOST_AUTO_TEST_CASE(what_is_dropped_is_said) {
  const auto losses = [](const std::vector<Bytes>& others) {
    return decode(boxed(sample(3), {colours(kSrgb)}, others)).lost;
  };
  BOOST_TEST(losses({box("free", Bytes(5))}).empty());
  BOOST_TEST(losses({uuid("JpgTiffExif->JP2", Bytes(5))}).has(LossKind::exif));
  BOOST_TEST(losses({uuid("something else..", Bytes(5))}).has(LossKind::extra));
  BOOST_TEST(losses({box("asoc", Bytes(5))}).has(LossKind::extra));
  BOOST_TEST(losses({box("xml ", {0xFF, 0xFE})}).has(LossKind::text));
  Bytes cut = box("xml ", Bytes(50, 'x'));
  cut.resize(30);
  BOOST_TEST(losses({cut}).has(LossKind::extra));
}

BOOST_AUTO_TEST_SUITE_END()
