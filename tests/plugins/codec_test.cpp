// SPDX-License-Identifier: Apache-2.0
// Every encoder that is found, so that a new plugin is covered without a new test.
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <set>

#include "support.hpp"

using namespace calotype;

namespace {

const std::set<std::string> lossless = {"bmp", "pgm", "png", "pnm", "ppm", "tiff"};
const std::set<std::string> without_colour = {"pbm", "pgm"}, without_grey = {"pbm"};

/// As 8-bit BGR, for comparing what a lossy format made of a picture.
cv::Mat bgr8(const cv::Mat& pixels) {
  cv::Mat result;
  const double full = pixels.depth() == CV_8U ? 255 : pixels.depth() == CV_16U ? 65535 : 1;
  pixels.convertTo(result, CV_8U, 255 / full);
  if (result.channels() == 1) cv::cvtColor(result, result, cv::COLOR_GRAY2BGR);
  if (result.channels() == 4) cv::cvtColor(result, result, cv::COLOR_BGRA2BGR);
  return result;
}

/// What a file without colour can hold of a picture.
cv::Mat grey8(const cv::Mat& pixels) {
  cv::Mat grey, result;
  cv::cvtColor(bgr8(pixels), grey, cv::COLOR_BGR2GRAY);
  cv::cvtColor(grey, result, cv::COLOR_GRAY2BGR);
  return result;
}

bool chooses_hardware(const std::string& parameter) {
  for (const ParamSpec& spec : engine_params())
    if (spec.name == parameter) return true;
  return false;
}

void check_round_trip(const std::string& format, const Image& original) {
  Bytes bytes;
  try {
    bytes = encode(original, format);
  } catch (const Error& e) {
    BOOST_TEST(e.code() == ErrorCode::unsupported);
    return;
  }
  ImageInfo info;
  const Image decoded = decode(bytes, "", {}, {}, "memory", &info);
  BOOST_TEST(info.width == original.pixels.cols);
  BOOST_TEST(info.height == original.pixels.rows);
  BOOST_TEST(info.channels == decoded.pixels.channels());
  BOOST_TEST(info.bit_depth == static_cast<int>(8 * decoded.pixels.elemSize1()));
  BOOST_REQUIRE(decoded.pixels.size() == original.pixels.size());
  if (lossless.count(format) && decoded.pixels.type() == original.pixels.type())
    BOOST_TEST(cv::norm(decoded.pixels, original.pixels, cv::NORM_INF) == 0);
  else if (!without_grey.count(format))
    BOOST_TEST(
        psnr(without_colour.count(format) ? grey8(original.pixels) : bgr8(original.pixels), bgr8(decoded.pixels)) > 25);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(codecs)

BOOST_AUTO_TEST_CASE(what_is_written_can_be_read) {
  for (const std::string& format : names(Kind::encoder))
    for (const cv::Size size : {cv::Size(1, 1), cv::Size(7, 13), cv::Size(64, 48)})
      for (const int channels : {1, 3, 4})
        for (const int depth : {CV_8U, CV_16U, CV_32F})
          BOOST_TEST_CONTEXT(format << " " << size << " " << channels << " channels, depth " << depth)
  check_round_trip(format, picture(size, channels, depth));
}

BOOST_AUTO_TEST_CASE(lossless_formats_keep_the_sample_type) {
  struct Case {
    std::string format;
    std::set<int> kept;
  };
  for (const auto& [format, kept] :
       {Case{"png", {CV_8UC1, CV_8UC3, CV_8UC4, CV_16UC1, CV_16UC3, CV_16UC4}},
        Case{"tiff", {CV_8UC1, CV_8UC3, CV_8UC4, CV_16UC1, CV_16UC3, CV_16UC4, CV_32FC1, CV_32FC3}},
        Case{"bmp", {CV_8UC1, CV_8UC3}}, Case{"pnm", {CV_8UC1, CV_8UC3, CV_16UC1, CV_16UC3}},
        Case{"ppm", {CV_8UC3, CV_16UC3}}, Case{"pgm", {CV_8UC1, CV_16UC1}}})
    for (const int type : kept)
      BOOST_TEST(decode(encode(picture({9, 5}, CV_MAT_CN(type), CV_MAT_DEPTH(type)), format)).pixels.type() == type);
}

BOOST_AUTO_TEST_CASE(every_parameter_value_at_its_limit_works) {
  const Image original = picture({24, 16}, 3, CV_8U);
  for (const std::string& format : names(Kind::encoder))
    for (const ParamSpec& spec : Registry::global().describe(Kind::encoder, format).element.params) {
      if (chooses_hardware(spec.name)) continue;
      std::vector<std::string> values = spec.choices;
      const bool real = std::holds_alternative<double>(spec.fallback);
      for (const auto& limit : {spec.min, spec.max})
        if (limit) values.push_back(to_string(real ? Value(*limit) : Value(static_cast<std::int64_t>(*limit))));
      if (std::holds_alternative<bool>(spec.fallback)) values = {"true", "false"};
      for (const std::string& value : values) BOOST_TEST_CONTEXT(format << " " << spec.name << "=" << value) {
          try {
            const Image decoded = decode(encode(original, format, {{spec.name, value}}));
            BOOST_TEST((decoded.pixels.size() == original.pixels.size()));
          } catch (const Error& e) {
            BOOST_TEST((e.code() == ErrorCode::limit), e.what());  // a target that no file can meet
          }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
