// SPDX-License-Identifier: Apache-2.0
// TIFF files that are cut, broken or made to exhaust whoever reads them.
#include <opencv2/core.hpp>

#include "tiff_support.hpp"

using namespace calotype;

namespace {

struct Entry {
  std::uint16_t tag, type;
  std::uint32_t count, value;
};

void put(Bytes& to, std::uint64_t value, int width) {
  for (int i = 0; i < width; ++i) to.push_back(std::uint8_t(value >> 8 * i));
}

/// A file of one directory at 8 that leads to `next`.
Bytes file_of(const std::vector<Entry>& entries, std::uint32_t next = 0) {
  Bytes file = {'I', 'I', 42, 0, 8, 0, 0, 0};
  put(file, entries.size(), 2);
  for (const Entry& entry : entries) {
    put(file, entry.tag, 2);
    put(file, entry.type, 2);
    put(file, entry.count, 4);
    put(file, entry.value, 4);
  }
  put(file, next, 4);
  return file;
}

constexpr std::uint16_t kShort = 3, kLong = 4, kSignedLong = 9;

/// A grey picture of one pixel, which lies at 0, with something else in place of some tags.
Bytes pixel(const std::vector<Entry>& others, std::uint32_t next = 0) {
  std::vector<Entry> entries = {{256, kLong, 1, 1},  {257, kLong, 1, 1},  {258, kShort, 1, 8},
                                {259, kShort, 1, 1}, {262, kShort, 1, 1}, {273, kLong, 1, 0},
                                {277, kShort, 1, 1}, {278, kLong, 1, 1},  {279, kLong, 1, 1}};
  for (const Entry& other : others) {
    const auto same = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.tag == other.tag; });
    same == entries.end() ? entries.push_back(other) : void(*same = other);
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.tag < b.tag; });
  return file_of(entries, next);
}

ErrorCode refusal(const Bytes& bytes, const RawParams& params = {}, const Rules& rules = {}) {
  return code_of([&] { decode(bytes, "", params, rules); });
}

TiffPage grey(int scheme) {
  TiffPage page;
  page.samples = pattern({40, 50}, CV_8UC1, 8);
  page.compression = std::uint16_t(scheme);
  page.rows_per_strip = 10;
  return page;
}

/// Five strips of ten rows each, one of which is spoilt.
Bytes spoilt(int scheme, int strip) {
  Bytes file = tiff_of({grey(scheme)});
  const Bytes before = file;
  // The strips lie one behind the other from 8 on.
  std::size_t at = 8;
  {
    std::vector<std::size_t> sizes;
    const std::size_t directory = file[4] | file[5] << 8 | file[6] << 16;
    const std::size_t count = file[directory] | file[directory + 1] << 8;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t entry = directory + 2 + 12 * i;
      if ((file[entry] | file[entry + 1] << 8) != 279) continue;
      const std::size_t width = file[entry + 2] == kShort ? 2 : 4, where = file[entry + 8] | file[entry + 9] << 8;
      for (std::size_t s = 0; s < 5; ++s) sizes.push_back(file[where + width * s] | file[where + width * s + 1] << 8);
    }
    for (int s = 0; s < strip; ++s) at += sizes[std::size_t(s)];
  }
  for (std::size_t i = 0; i < 20; ++i) file[at + i] = 0xFF;
  BOOST_TEST((file != before));
  return file;
}

std::string pixels_lost(const Image& image) { return detail_of(image.lost, LossKind::pixels); }

const Rules kLenient = [] {
  Rules rules;
  rules.lenient = true;
  return rules;
}();

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tiff_damage, Quiet)

BOOST_AUTO_TEST_CASE(a_sound_pixel) { BOOST_TEST(decode(pixel({})).pixels.at<uchar>(0, 0) == 'I'); }

BOOST_AUTO_TEST_CASE(vast_pictures_are_refused_by_their_header) {
  for (const std::uint16_t type : {kLong, kSignedLong})
    BOOST_TEST(refusal(pixel({{256, type, 1, 100000}, {257, type, 1, 100000}})) == ErrorCode::limit);
  BOOST_TEST(refusal(pixel({{256, kLong, 1, 0xFFFFFFFF}})) == ErrorCode::corrupt);
  BOOST_TEST(refusal(pixel({{256, kLong, 1, 0}})) == ErrorCode::corrupt);
}

BOOST_AUTO_TEST_CASE(pieces_that_are_far_larger_than_the_picture_are_refused) {
  const std::vector<Entry> tiles = {
      {322, kLong, 1, 65536}, {323, kLong, 1, 65536}, {324, kLong, 1, 0}, {325, kLong, 1, 1}};
  BOOST_TEST(refusal(pixel(tiles)) == ErrorCode::limit);
  std::vector<Entry> compressed = tiles;
  compressed.push_back({259, kShort, 1, 5});
  BOOST_TEST(refusal(pixel(compressed)) == ErrorCode::limit);
  // Of thousands of samples per pixel one is kept.
  BOOST_TEST(refusal(pixel({{256, kLong, 1, 10000},
                            {257, kLong, 1, 10},
                            {277, kShort, 1, 65535},
                            {278, kLong, 1, 10},
                            {259, kShort, 1, 5},
                            {258, kShort, 1, 8}})) == ErrorCode::limit);
}

BOOST_AUTO_TEST_CASE(directories_that_lead_back_end_there) {
  BOOST_TEST(decode(pixel({}, 8)).lost.empty());
  BOOST_TEST(decode(pixel({}, 0xFFFFFF00)).lost.empty());
  BOOST_TEST(refusal({'I', 'I', 42, 0, 0, 0, 0, 0}) == ErrorCode::corrupt);
  BOOST_TEST(refusal({'I', 'I', 42, 0, 200, 0, 0, 0}) == ErrorCode::corrupt);
}

BOOST_AUTO_TEST_CASE(values_that_overlap_are_refused) {
  // A thousand tags that all hold the whole file.
  std::vector<Entry> entries;
  for (std::uint16_t i = 0; i < 1000; ++i) entries.push_back({std::uint16_t(50000 + i), 1, 12000, 8});
  BOOST_TEST(refusal(pixel(entries)) == ErrorCode::corrupt);
}

BOOST_AUTO_TEST_CASE(directories_that_overlap_are_refused) {
  // Each begins two bytes behind the one before, as long as the file.
  Bytes file = {'I', 'I', 42, 0, 8, 0, 0, 0};
  for (std::uint16_t i = 0; i < 20000; ++i) put(file, 1, 2);
  BOOST_TEST(refusal(file) == ErrorCode::corrupt);
}

BOOST_AUTO_TEST_CASE(damage_is_corrupt) {
  for (const int scheme : {COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE})
    BOOST_TEST(refusal(spoilt(scheme, 2)) == ErrorCode::corrupt);
  BOOST_TEST(refusal(pixel({{273, kLong, 1, 5000}})) == ErrorCode::corrupt);  // beyond the end
  BOOST_TEST(refusal(pixel({{259, kShort, 1, 7}})) == ErrorCode::corrupt);    // no JPEG
  BOOST_TEST(refusal(pixel({{259, kShort, 1, 12345}})) == ErrorCode::unsupported);
}

BOOST_AUTO_TEST_CASE(a_cut_jpeg_is_corrupt_although_libjpeg_goes_on) {
  TiffPage page = grey(COMPRESSION_JPEG);
  page.rows_per_strip = 56;
  Bytes file = tiff_of({page});
  const std::size_t directory = file[4] | file[5] << 8;
  std::fill(file.begin() + std::ptrdiff_t(directory / 2), file.begin() + std::ptrdiff_t(directory), std::uint8_t(0xFF));
  file[directory - 1] = 0xD9;  // the end of the JPEG
  BOOST_TEST(refusal(file) == ErrorCode::corrupt);
  const Image image = decode(file, "", {}, kLenient);
  BOOST_TEST(image.pixels.cols == 40);
  BOOST_TEST(!pixels_lost(image).empty());
}

BOOST_AUTO_TEST_CASE(the_rest_of_a_damaged_file_is_had_on_demand) {
  const cv::Mat whole = grey(COMPRESSION_NONE).samples;
  for (const int scheme : {COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE}) {
    const Image image = decode(spoilt(scheme, 2), "", {}, kLenient);
    BOOST_TEST(cv::norm(image.pixels.rowRange(0, 20), whole.rowRange(0, 20), cv::NORM_INF) == 0);
    BOOST_TEST(cv::norm(image.pixels.rowRange(30, 50), whole.rowRange(30, 50), cv::NORM_INF) == 0);
    BOOST_TEST(cv::norm(image.pixels.rowRange(20, 30), cv::NORM_INF) == 0);
    BOOST_TEST(pixels_lost(image) == "20 % of the picture cannot be read and is left empty");
  }
  const Image sound = decode(tiff_of({grey(COMPRESSION_LZW)}), "", {}, kLenient);
  BOOST_TEST(sound.lost.empty());
  BOOST_TEST(cv::norm(sound.pixels, whole, cv::NORM_INF) == 0);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_cut_gives_the_rows_that_it_has) {
  // One strip of 50 rows, behind its directory.
  const std::uint32_t rows = 50, columns = 40;
  for (const bool compressed : {false, true}) {
    TiffPage page = grey(compressed ? COMPRESSION_ADOBE_DEFLATE : COMPRESSION_NONE);
    page.rows_per_strip = int(rows);
    const Bytes made = tiff_of({page});
    const std::size_t size = (made[4] | made[5] << 8) - 8;
    Bytes file = pixel({{256, kLong, 1, columns},
                        {257, kLong, 1, rows},
                        {278, kLong, 1, rows},
                        {259, kShort, 1, page.compression},
                        {279, kLong, 1, std::uint32_t(size)},
                        {273, kLong, 1, 500}});
    file.resize(500);
    file.insert(file.end(), made.begin() + 8, made.begin() + 8 + std::ptrdiff_t(size));
    BOOST_TEST(cv::norm(decode(file).pixels, page.samples, cv::NORM_INF) == 0);
    file.resize(500 + size / 2);
    BOOST_TEST(refusal(file) == ErrorCode::corrupt);
    const Image image = decode(file, "", {}, kLenient);
    BOOST_TEST(cv::norm(image.pixels.rowRange(0, 24), page.samples.rowRange(0, 24), cv::NORM_INF) == 0);
    BOOST_TEST(cv::norm(image.pixels.rowRange(27, 50), cv::NORM_INF) == 0);
    BOOST_TEST(pixels_lost(image).substr(0, 2) >= "48");
    BOOST_TEST(pixels_lost(image).substr(0, 2) <= "52");
  }
}

BOOST_AUTO_TEST_CASE(tiles_that_are_missing_stay_empty) {
  TiffPage page = grey(COMPRESSION_ADOBE_DEFLATE);
  page.tiled = true;
  Bytes file = tiff_of({page});
  for (std::size_t i = 8; i < 40; ++i) file[i] = 0xFF;
  BOOST_TEST(refusal(file) == ErrorCode::corrupt);
  const Image image = decode(file, "", {}, kLenient);
  BOOST_TEST(cv::norm(image.pixels(cv::Rect(0, 0, 16, 16)), cv::NORM_INF) == 0);
  BOOST_TEST(cv::norm(image.pixels(cv::Rect(16, 0, 24, 50)), page.samples(cv::Rect(16, 0, 24, 50)), cv::NORM_INF) == 0);
  BOOST_TEST(pixels_lost(image) == "13 % of the picture cannot be read and is left empty");
}

BOOST_AUTO_TEST_SUITE_END()
