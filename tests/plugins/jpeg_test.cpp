// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <opencv2/core.hpp>

#include "../common/profiles.hpp"
#include "jpeg_file.hpp"
#include "support.hpp"

using namespace calotype;
using jpeg_file::Options;

namespace {

constexpr int kEnd = 0xD9, kScan = 0xDA, kHuffmanTables = 0xC4, kFrame = 0xC0;

/// Every way in which data may be arranged.
std::vector<Options> arrangements() {
  std::vector<Options> all(4);
  all[1].progressive = true;
  all[2].interleaved = false;
  all[3].restart_rows = 1;
  return all;
}

std::string detail(const ImageInfo& info, const std::string& name) {
  for (const auto& [key, value] : info.details)
    if (key == name) return value;
  return {};
}

cv::Mat sample(int channels) { return picture({70, 64}, channels, CV_8U).pixels; }

bool equal(const cv::Mat& a, const cv::Mat& b) { return a.size() == b.size() && cv::norm(a, b, cv::NORM_INF) == 0; }

Image decode_leniently(const Bytes& file) {
  Rules rules;
  rules.lenient = true;
  return decode(file, "", {}, rules);
}

Bytes cut(const Bytes& file, std::size_t size) { return Bytes(file.begin(), file.begin() + std::ptrdiff_t(size)); }

/// Where the n-th scan begins, from 0.
std::size_t scan(const Bytes& file, int n) {
  std::size_t at = jpeg_file::find(file, kScan);
  while (n-- > 0) at = jpeg_file::find(file, kScan, at + 2);
  return at;
}

const char* const kNoEnd = "the end marker is missing, though nothing of the picture is";
const char* const kTrailer =
    " bytes behind the picture are left out (a motion photo's video, a gain map or another picture)";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(jpeg, Quiet)

BOOST_AUTO_TEST_CASE(inks_become_rgb) {
  // No cyan, half magenta, full yellow, no black; as Adobe's programs store it, inverted.
  const cv::Mat stored(8, 8, CV_8UC4, cv::Scalar(255, 128, 0, 255));
  for (const bool ycck : {false, true}) {
    Options options;
    options.ycck = ycck;
    const Image image = decode(jpeg_file::make(stored, options));
    BOOST_REQUIRE(image.pixels.type() == CV_8UC3);
    BOOST_TEST(cv::norm(image.pixels, cv::Mat(8, 8, CV_8UC3, cv::Scalar(0, 128, 255)), cv::NORM_INF) <= 3);
    BOOST_TEST(detail_of(image.lost, LossKind::colour).find("rule of thumb") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(inks_become_rgb_by_their_profile) {
  const cv::Mat stored(8, 8, CV_8UC4, cv::Scalar(255, 128, 0, 255));
  const Bytes profile = cmyk_profile();
  Losses said;
  const cv::Mat expected = bgr_from_cmyk(~stored, profile, said);
  Bytes adobe = jpeg_file::make(stored);  // without a JFIF header: the profile goes behind the SOI
  const std::string segment = std::string("\xFF\xE2", 2) + jpeg_file::number(profile.size() + 16, 2) + "ICC_PROFILE" +
                              std::string("\0\1\1", 3) + std::string(profile.begin(), profile.end());
  adobe.insert(adobe.begin() + 2, segment.begin(), segment.end());
  const Image image = decode(adobe);
  BOOST_TEST(cv::norm(image.pixels, expected, cv::NORM_INF) <= 3);
  BOOST_TEST(detail_of(image.lost, LossKind::colour) == detail_of(said, LossKind::colour));
  BOOST_TEST(!image.lost.has(LossKind::icc));
  BOOST_TEST(image.meta.icc.empty());
}

BOOST_AUTO_TEST_CASE(parameters_reach_the_file) {
  const Image image = picture({64, 64}, 3, CV_8U);
  const auto info = [&](const RawParams& params) { return probe(encode(image, "jpeg", params)); };
  BOOST_TEST(detail(info({}), "process") == "progressive");
  BOOST_TEST(detail(info({{"progressive", "false"}}), "process") == "sequential");
  BOOST_TEST(detail(info({}), "subsampling") == "4:4:4");
  BOOST_TEST(detail(info({{"quality", "89"}}), "subsampling") == "4:2:0");
  BOOST_TEST(detail(info({{"subsampling", "422"}}), "subsampling") == "4:2:2");
  BOOST_TEST(encode(image, "jpeg", {{"quality", "20"}}).size() < encode(image, "jpeg", {{"quality", "95"}}).size());
}

BOOST_AUTO_TEST_CASE(alpha_is_left_out_and_said) {
  for (const int channels : {2, 4}) {
    Losses lost;
    const Image image = decode(encode(picture({20, 10}, channels, CV_8U), "jpeg", {}, {}, "output", &lost));
    BOOST_TEST(image.pixels.channels() == channels - 1);
    BOOST_TEST(lost.has(LossKind::alpha));
  }
}

BOOST_AUTO_TEST_CASE(missing_data_is_corrupt_wherever_the_file_ends) {
  for (const int channels : {1, 3})
    for (const Options& options : arrangements()) {
      const Bytes file = jpeg_file::make(sample(channels), options);
      for (std::size_t size = 3; size < file.size() - 2; ++size)
        BOOST_TEST(code_of([&] { decode(cut(file, size)); }) == ErrorCode::corrupt, size << " of " << file.size());
    }
}

BOOST_AUTO_TEST_CASE(a_missing_end_marker_is_said) {
  const Bytes other = jpeg_file::make(sample(1));
  const Bytes film = {0, 0, 0, 8, 'f', 't', 'y', 'p', 0xFF, 0, 0xFF, 0xE1, 0, 3, 7, 0xFF, 0x4F, 1, 2, 3, 0xFF, kEnd};
  for (const int channels : {1, 3})
    for (const Options& options : arrangements()) {
      const Bytes file = jpeg_file::make(sample(channels), options);
      const Image whole = decode(file);
      BOOST_TEST(whole.lost.empty());
      const Bytes open = jpeg_file::without_last(file, 2);
      for (const Bytes& tail : {Bytes(), Bytes{0xFF}, Bytes(1000), other, film, Bytes(20000, 'x')}) {
        const Image image = decode(jpeg_file::with_trailer(open, tail));
        BOOST_TEST(equal(image.pixels, whole.pixels));
        const std::string said = detail_of(image.lost, LossKind::extra);
        BOOST_TEST(said.find(kNoEnd) == 0, said);
        const bool padding = tail.size() < 2 || tail.size() == 1000;
        BOOST_TEST((said.find(kTrailer) == std::string::npos) == padding, said);
      }
    }
}

BOOST_AUTO_TEST_CASE(what_is_behind_the_end_is_said) {
  const Bytes other = jpeg_file::make(sample(1));
  for (const Options& options : arrangements()) {
    const Bytes file = jpeg_file::make(sample(3), options);
    for (const Bytes& padding : {Bytes(), Bytes(5000), Bytes(100, 0xFF), Bytes{'\r', '\n', ' ', 0}})
      BOOST_TEST(decode(jpeg_file::with_trailer(file, padding)).lost.empty());
    for (const Bytes& trailer : {other, Bytes(3, 'x'), Bytes{0, 0, 1}}) {
      const Image image = decode(jpeg_file::with_trailer(file, trailer));
      BOOST_TEST(detail_of(image.lost, LossKind::extra) == std::to_string(trailer.size()) + kTrailer);
    }
  }
}

BOOST_AUTO_TEST_CASE(segments_and_fill_bytes_before_the_end_are_no_loss) {
  for (const Options& options : arrangements()) {
    Bytes file = jpeg_file::without_last(jpeg_file::make(sample(3), options), 2);
    const Bytes end = {0xFF, 0xFE, 0, 4, 'h', 'i', 0, 0, 0xFF, 0xFF, 0xFF, kEnd};
    BOOST_TEST(decode(jpeg_file::with_trailer(file, end)).lost.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_component_that_never_comes_is_corrupt) {
  Options options;
  options.interleaved = false;
  const Bytes file = jpeg_file::make(sample(3), options);
  const Bytes two = jpeg_file::with_trailer(cut(file, scan(file, 2)), {0xFF, kEnd});
  BOOST_TEST(code_of([&] { decode(two); }) == ErrorCode::corrupt);
  BOOST_TEST(decode_leniently(two).lost.has(LossKind::pixels));
}

BOOST_AUTO_TEST_CASE(fewer_details_than_possible_are_the_pictures_own_affair) {
  Options options;
  options.progressive = true;
  const Bytes file = jpeg_file::make(sample(3), options);
  const Bytes coarse =
      jpeg_file::with_trailer(cut(file, jpeg_file::find(file, kHuffmanTables, scan(file, 3))), {0xFF, kEnd});
  BOOST_TEST(decode(coarse).lost.empty());
}

BOOST_AUTO_TEST_CASE(lenient_decoding_gives_what_is_there) {
  for (const Options& options : arrangements()) {
    const Bytes file = jpeg_file::make(sample(3), options);
    const cv::Mat whole = decode(file).pixels;
    BOOST_TEST(decode_leniently(file).lost.empty());
    for (std::size_t size = scan(file, 0) + 20; size < file.size() - 2; size += 11) {
      const Image image = decode_leniently(cut(file, size));
      BOOST_TEST(image.pixels.size() == whole.size());
      const std::string said = detail_of(image.lost, LossKind::pixels);
      BOOST_TEST(said.find("about ") == 0, said);
      BOOST_TEST(said.find(" of 64 rows ") != std::string::npos, said);
    }
  }
}

BOOST_AUTO_TEST_CASE(lenient_decoding_tells_rows_that_are_there) {
  const Bytes file = jpeg_file::make(sample(3));
  const std::size_t begin = scan(file, 0);
  const Bytes half = cut(file, begin + (file.size() - begin) / 2);
  const Image image = decode_leniently(half);
  const int missing = std::stoi(detail_of(image.lost, LossKind::pixels).substr(6));
  BOOST_TEST(missing >= 16);
  BOOST_TEST(missing <= 48);
  BOOST_TEST(equal(image.pixels.rowRange(0, 64 - missing - 1), decode(file).pixels.rowRange(0, 64 - missing - 1)));
}

BOOST_AUTO_TEST_CASE(lenient_decoding_goes_on_at_restart_markers) {
  Options options;
  options.restart_rows = 1;
  const Bytes file = jpeg_file::make(sample(1), options);
  const cv::Mat whole = decode(file).pixels;
  Bytes damaged = file;
  const std::size_t second = jpeg_file::find(file, 0xD1), third = jpeg_file::find(file, 0xD2);
  damaged.erase(damaged.begin() + std::ptrdiff_t(second + 4), damaged.begin() + std::ptrdiff_t(third));
  BOOST_TEST(code_of([&] { decode(damaged); }) == ErrorCode::corrupt);
  const Image image = decode_leniently(damaged);
  BOOST_TEST(detail_of(image.lost, LossKind::pixels) == "about 8 of 64 rows are missing or damaged");
  BOOST_TEST(equal(image.pixels.rowRange(0, 16), whole.rowRange(0, 16)));
  BOOST_TEST(equal(image.pixels.rowRange(24, 64), whole.rowRange(24, 64)));
}

BOOST_AUTO_TEST_CASE(lenient_decoding_of_a_progressive_file_blurs) {
  Options options;
  options.progressive = true;
  const Bytes file = jpeg_file::make(sample(3), options);
  const std::size_t begin = scan(file, 4);
  const Image image = decode_leniently(cut(file, begin));
  BOOST_TEST(detail_of(image.lost, LossKind::pixels) == "about 64 of 64 rows lack details");
  BOOST_TEST(cv::norm(image.pixels, decode(file).pixels, cv::NORM_INF) < 40);
  Bytes broken = file;  // tables that are none, between two scans
  const std::size_t tables = jpeg_file::find(file, kHuffmanTables, scan(file, 4));
  std::fill(broken.begin() + std::ptrdiff_t(tables + 5), broken.begin() + std::ptrdiff_t(tables + 21), 0xFF);
  BOOST_TEST(code_of([&] { decode(broken); }) == ErrorCode::corrupt);
  BOOST_TEST(detail_of(decode_leniently(broken).lost, LossKind::pixels) == "about 64 of 64 rows lack details");
}

BOOST_AUTO_TEST_CASE(a_second_frame_header_changes_nothing) {
  Options options;
  options.progressive = true;
  Bytes file = jpeg_file::make(sample(3), options);
  const std::size_t at = jpeg_file::find(file, kHuffmanTables, scan(file, 4));
  const Bytes header = {0xFF, 0xC9, 0, 23, 8,    0x7F, 0xFF, 0x7F, 0xFF, 5, 1,    0x11, 0,
                        2,    0x11, 0, 3,  0x11, 0,    4,    0x11, 0,    5, 0x11, 0};
  file.insert(file.begin() + std::ptrdiff_t(at), header.begin(), header.end());
  BOOST_TEST(code_of([&] { decode(file); }) == ErrorCode::corrupt);
  const Image image = decode_leniently(file);
  BOOST_TEST(image.pixels.size() == sample(3).size());
  BOOST_TEST(image.lost.has(LossKind::pixels));
}

BOOST_AUTO_TEST_CASE(arithmetic_coding_says_nothing_of_missing_data_so_an_end_must_be_there) {
  Options options;
  options.arithmetic = true;
  const Bytes file = jpeg_file::make(sample(3), options);
  const cv::Mat whole = decode(file).pixels;
  BOOST_TEST(cv::norm(whole, sample(3), cv::NORM_INF) < 30);
  BOOST_TEST(code_of([&] { decode(jpeg_file::without_last(file, 2)); }) == ErrorCode::corrupt);
  BOOST_TEST(decode_leniently(jpeg_file::without_last(file, 100)).lost.has(LossKind::pixels));
}

BOOST_AUTO_TEST_CASE(other_processes_are_unsupported) {
  const Bytes file = jpeg_file::make(sample(3));
  const std::size_t frame = jpeg_file::find(file, kFrame);
  Bytes deep = file, lossless = file;
  deep[frame + 4] = 12;
  lossless[frame + 1] = 0xC3;
  for (const Bytes& other : {deep, lossless}) try {
      decode(other);
      BOOST_ERROR("nothing was thrown");
    } catch (const Error& e) {
      BOOST_TEST(e.code() == ErrorCode::unsupported);
      BOOST_TEST(!e.hint().empty());
    }
}

BOOST_AUTO_TEST_CASE(thousands_of_scans_are_refused) {
  Bytes bytes = encode(picture({16, 16}, 3, CV_8U), "jpeg");
  const std::size_t begin = scan(bytes, 0), end = jpeg_file::find(bytes, kHuffmanTables, begin);
  const Bytes one(bytes.begin() + std::ptrdiff_t(begin), bytes.begin() + std::ptrdiff_t(end));
  Bytes copies;
  for (int i = 0; i < 1000; ++i) copies.insert(copies.end(), one.begin(), one.end());
  bytes.insert(bytes.begin() + std::ptrdiff_t(end), copies.begin(), copies.end());
  BOOST_TEST(code_of([&] { decode(bytes); }) == ErrorCode::limit);
  BOOST_TEST(code_of([&] { decode_leniently(bytes); }) == ErrorCode::limit);
}

BOOST_AUTO_TEST_CASE(a_side_longer_than_the_format_allows_is_unsupported) {
  BOOST_TEST(code_of([] { encode(picture({70000, 1}, 1, CV_8U), "jpeg"); }) == ErrorCode::unsupported);
}

BOOST_AUTO_TEST_SUITE_END()
