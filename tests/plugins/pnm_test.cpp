// SPDX-License-Identifier: Apache-2.0
#include <opencv2/core.hpp>

#include "support.hpp"

using namespace calotype;

namespace {

Bytes bytes_of(const std::string& text) { return Bytes(text.begin(), text.end()); }

cv::Mat decoded(const std::string& text) { return decode(bytes_of(text)).pixels; }

int first(const std::string& text) {
  const cv::Mat pixels = decoded(text);
  return pixels.depth() == CV_16U ? pixels.at<ushort>(0, 0) : pixels.at<uchar>(0, 0);
}

std::string text_of(const Image& image, const std::string& format) {
  const Bytes bytes = encode(image, format);
  return {bytes.begin(), bytes.end()};
}

Image image_of(const cv::Mat& pixels) {
  Image image;
  image.pixels = pixels;
  return image;
}

/// The warnings that `call` logs.
template <class Call>
std::string warnings_of(Call call) {
  std::string warnings;
  set_log_sink([&](LogLevel level, const std::string& line) {
    if (level == LogLevel::warning) warnings += line + "\n";
  });
  call();
  set_log_sink({});
  return warnings;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pnm)

BOOST_AUTO_TEST_CASE(samples_fill_their_range) {
  BOOST_TEST(first("P5\n1 1\n255\n\x64") == 100);
  BOOST_TEST(first("P5\n1 1\n100\n\x64") == 255);
  BOOST_TEST(first("P2\n1 1\n100\n100\n") == 255);
  BOOST_TEST(first("P2\n1 1\n1000\n500\n") == 32768);
  BOOST_TEST(first("P5 # a comment\n1 1 1000\n\x03\xE8") == 65535);
  BOOST_TEST(first("P1\n1 1\n0\n") == 255);
  BOOST_TEST(first("P1\n1 1\n1") == 0);
}

BOOST_AUTO_TEST_CASE(all_kinds_are_read) {
  const cv::Mat grey = (cv::Mat_<uchar>(2, 3) << 1, 2, 3, 4, 5, 6);
  for (const std::string text : {"P2 3 2 255 1 2 3 4 5 6", "P2\n#c\n3\r\n2 255\t1 2 3#c\n#c\r4 5 #\n6\n",
                                 "P5 3 2 255 \1\2\3\4\5\6", "P5#c\n3#c\n2 255#c\n\1\2\3\4\5\6"})
    BOOST_TEST(cv::norm(decoded(text), grey, cv::NORM_INF) == 0, text);
  const cv::Mat colour = (cv::Mat_<cv::Vec3b>(1, 2) << cv::Vec3b(3, 2, 1), cv::Vec3b(6, 5, 4));
  for (const std::string text : {"P3 2 1 255 1 2 3 4 5 6", "P6 2 1 255 \1\2\3\4\5\6"})
    BOOST_TEST(cv::norm(decoded(text), colour, cv::NORM_INF) == 0, text);
  const cv::Mat deep = (cv::Mat_<cv::Vec3w>(1, 1) << cv::Vec3w(0x506, 0x304, 0x102));
  for (const std::string text : {"P3 1 1 65535 258 772 1286", "P6 1 1 65535 \1\2\3\4\5\6"})
    BOOST_TEST(cv::norm(decoded(text), deep, cv::NORM_INF) == 0, text);
  cv::Mat bits(2, 9, CV_8U, cv::Scalar(255));
  bits.at<uchar>(0, 0) = bits.at<uchar>(0, 8) = bits.at<uchar>(1, 1) = 0;
  for (const auto& text : {std::string("P1 9 2 100000001 010000000"), std::string("P1 9 2 1000#\n00001010000000"),
                           std::string("P4 9 2 \x80\xFF\x40\0", 11)})
    BOOST_TEST(cv::norm(decoded(text), bits, cv::NORM_INF) == 0, text);
}

BOOST_AUTO_TEST_CASE(headers_are_checked) {
  for (const std::string text : {"P5\n", "P5\n1 1", "P5\n0 1\n255\n1", "P5\n1 1\n70000\n1", "P5\n99999999999 1\n255\n1",
                                 "P5\nx 1\n255\n1", "P5\n1 1\n0\n1", "P5\n1 1x255\n1", "P5\n1 -1\n255\n1",
                                 "P51 1 255 1", "P5\n4294967297 1\n255\n1", "P5 # no end"})
    BOOST_TEST_CONTEXT(text) BOOST_TEST(code_of([&] { probe(bytes_of(text)); }) == ErrorCode::corrupt);
}

BOOST_AUTO_TEST_CASE(samples_are_checked) {
  for (const std::string text : {"P5 2 2 255 abc", "P6 1 1 255 ab", "P5 1 2 256 abc", "P4 9 2 abc", "P1 2 2 1 0 1",
                                 "P1 2 1 2 0", "P2 2 2 255 1 2 3", "P2 1 1 255 256", "P2 1 1 255 x", "P2 1 1 255 ",
                                 "P5 1 1 100 \x65", "P2 1 1 1 2", "P3 1 1 9 1 2 #3"})
    BOOST_TEST_CONTEXT(text) BOOST_TEST(code_of([&] { decode(bytes_of(text)); }) == ErrorCode::corrupt);
}

BOOST_AUTO_TEST_CASE(limits_hold_before_anything_is_allocated) {
  for (const std::string text :
       {"P5\n100000 100000\n255\n", "P6\n2000000000 2000000000\n65535\n", "P5 #\r100000 100000 255 #\n1 1 255\n "})
    BOOST_TEST(code_of([&] { decode(bytes_of(text)); }) == ErrorCode::limit);
  // Nor does a header alone make room for what is not there.
  Limits none;
  none.max_pixels = std::int64_t(1) << 62;
  for (const std::string kind : {"P1", "P2", "P3", "P4", "P5", "P6"})
    BOOST_TEST(code_of([&] { decode(bytes_of(kind + " 2147483647 2147483647 255 "), "", {}, none); }) ==
               ErrorCode::corrupt);
}

BOOST_AUTO_TEST_CASE(a_comment_ends_with_its_line_wherever_that_is) {
  const ImageInfo info = probe(bytes_of("P5 # size:\r3 2 # not 4\n255\n123456"));
  BOOST_TEST(info.width == 3);
  BOOST_TEST(info.height == 2);
}

BOOST_AUTO_TEST_CASE(the_first_of_several_is_taken_and_said) {
  for (const std::string one : {"P5 1 1 255 a", "P2 1 1 255 97 ", "P4 1 1 a"}) {
    BOOST_TEST(warnings_of([&] {
                 BOOST_TEST(decoded(one + "P5 2 2 255 abcd").cols == 1);
               }).find("further pictures in the file are left out") != std::string::npos);
    BOOST_TEST(warnings_of([&] { decoded(one + "\n"); }).empty());
  }
}

BOOST_AUTO_TEST_CASE(each_encoder_writes_what_its_name_says) {
  const Image grey = picture({9, 5}, 1, CV_8U), colour = picture({9, 5}, 3, CV_8U), deep = picture({9, 5}, 4, CV_16U);
  for (const auto& [format, kinds] :
       std::vector<std::pair<std::string, std::vector<std::string>>>{{"pbm", {"P4", "P4", "P4"}},
                                                                     {"pgm", {"P5", "P5", "P5"}},
                                                                     {"ppm", {"P6", "P6", "P6"}},
                                                                     {"pnm", {"P5", "P6", "P6"}}}) {
    BOOST_TEST(text_of(grey, format).substr(0, 2) == kinds[0], format);
    BOOST_TEST(text_of(colour, format).substr(0, 2) == kinds[1], format);
    BOOST_TEST(text_of(deep, format).substr(0, 2) == kinds[2], format);
  }
  BOOST_TEST(text_of(image_of(cv::Mat(1, 1, CV_8U, cv::Scalar(7))), "ppm") == "P6\n1 1\n255\n\7\7\7");
  BOOST_TEST(text_of(image_of(cv::Mat(1, 1, CV_16UC3, cv::Scalar(0x506, 0x304, 0x102))), "ppm") ==
             "P6\n1 1\n65535\n\1\2\3\4\5\6");
  BOOST_TEST(text_of(image_of(cv::Mat(1, 1, CV_8UC3, cv::Scalar(10, 100, 200))), "pgm") == "P5\n1 1\n255\nx");
  cv::Mat bits(1, 9, CV_8U, cv::Scalar(200));
  bits.at<uchar>(0, 1) = 100;
  BOOST_TEST(text_of(image_of(bits), "pbm") == std::string("P4\n9 1\n\x40\0", 9));
}

BOOST_AUTO_TEST_CASE(what_a_kind_cannot_hold_is_said) {
  const Image grey = picture({9, 5}, 1, CV_8U), colour = picture({9, 5}, 3, CV_8U);
  const auto said = [](const Image& image, const char* format) { return warnings_of([&] { encode(image, format); }); };
  BOOST_TEST(said(colour, "ppm").empty());
  BOOST_TEST(said(grey, "ppm").empty());
  BOOST_TEST(said(grey, "pgm").empty());
  BOOST_TEST(said(colour, "pgm").find("converted to grey") != std::string::npos);
  BOOST_TEST(said(grey, "pbm").find("black or white") != std::string::npos);
  BOOST_TEST(said(decode(encode(grey, "pbm")), "pbm").empty());
}

BOOST_AUTO_TEST_SUITE_END()
