// SPDX-License-Identifier: Apache-2.0
#include <png.h>

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/core/utility.hpp>

#include "png_file.hpp"
#include "support.hpp"

using namespace calotype;

namespace {

/// A 3x2 PNG of any kind, from raw rows as libpng takes them.
Bytes raw_png(int colour, int bits, bool interlaced, std::vector<Bytes> rows, bool transparent_black = false) {
  Bytes file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &file,
      [](png_structp writer, png_bytep data, std::size_t count) {
        auto* to = static_cast<Bytes*>(png_get_io_ptr(writer));
        to->insert(to->end(), data, data + count);
      },
      nullptr);
  png_set_IHDR(png, info, 3, static_cast<png_uint_32>(rows.size()), bits, colour,
               interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  const png_color palette[] = {{10, 20, 30}, {40, 50, 60}};
  const png_byte palette_alpha[] = {0, 255};
  png_color_16 black{};
  if (colour == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette, 2);
  if (transparent_black) png_set_tRNS(png, info, palette_alpha, 2, &black);
  png_write_info(png, info);
  std::vector<png_bytep> pointers;
  for (Bytes& row : rows) pointers.push_back(row.data());
  png_write_image(png, pointers.data());
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return file;
}

/// Rows without a filter, each behind its zero, as a PNG of colours holds them.
Bytes plain_rows(const cv::Mat& pixels) {
  Bytes rows;
  for (int y = 0; y < pixels.rows; ++y) {
    rows.push_back(0);
    for (int x = 0; x < pixels.cols; ++x)
      for (int c = 2; c >= 0; --c) rows.push_back(pixels.at<cv::Vec3b>(y, x)[c]);
  }
  return rows;
}

/// A picture in colours whose image data is `stream`, in chunks of `piece` bytes with an empty one before each.
Bytes png_around(const Bytes& stream, const cv::Size& size, std::size_t piece) {
  Bytes file = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}, header;
  append(header, static_cast<std::uint32_t>(size.width));
  append(header, static_cast<std::uint32_t>(size.height));
  header.insert(header.end(), {8, PNG_COLOR_TYPE_RGB, 0, 0, 0});
  append_chunk(file, "IHDR", header);
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    append_chunk(file, "IDAT", {});
    const auto from = stream.begin() + static_cast<std::ptrdiff_t>(at);
    append_chunk(file, "IDAT", Bytes(from, from + static_cast<std::ptrdiff_t>(std::min(piece, stream.size() - at))));
  }
  const std::string comment = "Comment";
  Bytes text(comment.begin(), comment.end());
  text.insert(text.end(), {0, 'y', 'e', 's'});
  append_chunk(file, "tEXt", text);
  append_chunk(file, "IEND", {});
  return file;
}

cv::Mat noise(const cv::Size& size) {
  cv::Mat pixels(size, CV_8UC3);
  cv::RNG(1).fill(pixels, cv::RNG::UNIFORM, 0, 40);
  return pixels;
}

void check(const Bytes& bytes, const cv::Mat& expected) {
  const Image image = decode(bytes);
  BOOST_REQUIRE(image.pixels.type() == expected.type());
  BOOST_REQUIRE(image.pixels.size() == expected.size());
  BOOST_TEST(cv::norm(image.pixels, expected, cv::NORM_INF) == 0);
  const ImageInfo info = probe(bytes);
  BOOST_TEST(info.channels == expected.channels());
  BOOST_TEST(info.bit_depth == static_cast<int>(8 * expected.elemSize1()));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(png)

BOOST_AUTO_TEST_CASE(bilevel_grey) {
  check(raw_png(PNG_COLOR_TYPE_GRAY, 1, false, {{0b10100000}, {0b01000000}}),
        (cv::Mat_<uchar>(2, 3) << 255, 0, 255, 0, 255, 0));
}

BOOST_AUTO_TEST_CASE(a_transparent_grey_value) {
  check(raw_png(PNG_COLOR_TYPE_GRAY, 2, false, {{0b00011011}, {0b11000000}}, true),
        (cv::Mat_<cv::Vec2b>(2, 3) << cv::Vec2b(0, 0), cv::Vec2b(85, 255), cv::Vec2b(170, 255), cv::Vec2b(255, 255),
         cv::Vec2b(0, 0), cv::Vec2b(0, 0)));
}

BOOST_AUTO_TEST_CASE(a_palette_without_and_with_transparency) {
  const cv::Vec3b a(30, 20, 10), b(60, 50, 40);
  const cv::Vec4b a4(30, 20, 10, 0), b4(60, 50, 40, 255);
  check(raw_png(PNG_COLOR_TYPE_PALETTE, 4, false, {{0x01, 0x00}, {0x11, 0x10}}),
        (cv::Mat_<cv::Vec3b>(2, 3) << a, b, a, b, b, b));
  check(raw_png(PNG_COLOR_TYPE_PALETTE, 4, false, {{0x01, 0x00}, {0x11, 0x10}}, true),
        (cv::Mat_<cv::Vec4b>(2, 3) << a4, b4, a4, b4, b4, b4));
}

BOOST_AUTO_TEST_CASE(deep_grey_with_alpha) {
  const cv::Vec2w a(258, 65535), b(3, 4);
  check(raw_png(PNG_COLOR_TYPE_GRAY_ALPHA, 16, false, {{1, 2, 255, 255, 0, 3, 0, 4, 1, 2, 255, 255}}),
        (cv::Mat_<cv::Vec2w>(1, 3) << a, b, a));
}

BOOST_AUTO_TEST_CASE(interlaced) {
  check(raw_png(PNG_COLOR_TYPE_RGB, 8, true, {{1, 2, 3, 4, 5, 6, 7, 8, 9}, {9, 8, 7, 6, 5, 4, 3, 2, 1}}),
        (cv::Mat_<cv::Vec3b>(2, 3) << cv::Vec3b(3, 2, 1), cv::Vec3b(6, 5, 4), cv::Vec3b(9, 8, 7), cv::Vec3b(7, 8, 9),
         cv::Vec3b(4, 5, 6), cv::Vec3b(1, 2, 3)));
}

BOOST_AUTO_TEST_CASE(photographs_are_the_same_on_any_number_of_threads) {
  const int threads = cv::getNumThreads();
  for (const int type : {CV_8UC1, CV_8UC2, CV_8UC3, CV_8UC4, CV_16UC1, CV_16UC2, CV_16UC3, CV_16UC4}) {
    Image image;
    image.pixels.create(701, 301, type);  // several bands
    cv::randu(image.pixels, 0, CV_MAT_DEPTH(type) == CV_8U ? 200 : 50000);
    cv::setNumThreads(4);
    const Bytes file = encode(image, "png");
    check(file, image.pixels);
    cv::setNumThreads(1);
    BOOST_TEST((encode(image, "png") == file));
  }
  cv::setNumThreads(threads);
}

BOOST_AUTO_TEST_CASE(image_data_comes_in_any_pieces) {
  for (const auto& [size, piece] : {std::pair<cv::Size, std::size_t>{{3, 2}, 1},
                                    {{90, 70}, 7},
                                    {{301, 203}, 1000},
                                    {{301, 203}, 1 << 20},
                                    {{1, 65535 / 4}, 5000}}) {
    const cv::Mat pixels = noise(size);
    for (const int level : {0, 1, 9}) {
      const Bytes file = png_around(deflated(plain_rows(pixels), level), size, piece);
      check(file, pixels);
      const auto text = decode(file).meta.text;  // it stands behind the image data
      BOOST_REQUIRE(text.size() == 1);
      BOOST_TEST(text[0].second == "yes");
    }
  }
}

BOOST_AUTO_TEST_CASE(more_image_data_than_pixels_is_ignored) {
  const cv::Mat pixels = noise({40, 30});
  Bytes rows = plain_rows(pixels);
  rows.resize(rows.size() + 1000000);
  check(png_around(deflated(rows, 6), pixels.size(), 500), pixels);
}

BOOST_AUTO_TEST_CASE(broken_image_data_is_corrupt) {
  const cv::Size size(200, 150);
  const Bytes stream = deflated(plain_rows(noise(size)), 6);
  const auto refused = [&](const Bytes& broken) {
    BOOST_TEST(code_of([&] { decode(png_around(broken, size, 3000)); }) == ErrorCode::corrupt);
  };
  refused(Bytes(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(stream.size() / 2)));
  refused(Bytes(stream.size(), 0x55));
  Bytes header = stream, sum = stream;
  header[1] ^= 1;
  sum.back() ^= 1;
  refused(header);
  refused(sum);
  refused(deflated(Bytes(100), 6));
  Bytes file = png_around(stream, size, 3000);
  file[8 + 25 + 12 + 100] ^= 4;  // the first chunk that is not empty has another checksum now
  BOOST_TEST(code_of([&] { decode(file); }) == ErrorCode::corrupt);
}

BOOST_AUTO_TEST_CASE(a_wrong_checksum_is_corrupt) {
  Bytes bytes = encode(picture({5, 5}, 3, CV_8U), "png");
  bytes[bytes.size() - 13] ^= 1;  // in the last data chunk's
  BOOST_TEST(code_of([&] { decode(bytes); }) == ErrorCode::corrupt);
}

BOOST_AUTO_TEST_CASE(rows_of_a_damaged_file_are_there_where_they_are_asked_for) {
  const cv::Size size(200, 150);
  const cv::Mat pixels = noise(size);
  const Bytes whole = png_around(deflated(plain_rows(pixels)), size, 3000);
  Rules lenient;
  lenient.lenient = true;
  const auto middle = static_cast<std::ptrdiff_t>(whole.size() / 2);
  Bytes torn = whole;
  torn.erase(torn.begin() + middle, torn.begin() + middle + 1000);
  for (const Bytes& damaged : {Bytes(whole.begin(), whole.begin() + middle), torn}) {
    BOOST_TEST(code_of([&] { decode(damaged); }) == ErrorCode::corrupt);
    const Image image = decode(damaged, "", {}, lenient);
    BOOST_REQUIRE(image.lost.has(LossKind::pixels));
    const std::string detail = image.lost.begin()->detail;
    BOOST_TEST(detail.find(" of 150 rows are missing") != std::string::npos, detail);
    const int missing = std::stoi(detail), sound = 70;  // what follows a tear may be nonsense for some rows
    BOOST_TEST((missing > 50 && missing < size.height - sound), detail);
    BOOST_TEST(cv::norm(image.pixels.rowRange(0, sound), pixels.rowRange(0, sound), cv::NORM_INF) == 0);
    BOOST_TEST(cv::norm(image.pixels.rowRange(size.height - missing, size.height), cv::NORM_INF) == 0);
  }
  BOOST_TEST(code_of([&] { decode(Bytes(whole.begin(), whole.begin() + 100), "", {}, lenient); }) ==
             ErrorCode::corrupt);  // no row at all
}

BOOST_AUTO_TEST_CASE(wrong_checksums_are_forgiven_where_it_is_asked_for) {
  const cv::Mat pixels = noise({40, 30});
  Rules lenient;
  lenient.lenient = true;
  Bytes stream = deflated(plain_rows(pixels)), file = png_around(stream, pixels.size(), 1 << 20);
  stream.back() ^= 1;
  file[file.size() - kEnd - (12 + 11) - 1] ^= 1;  // before the text and the end, the data's
  for (const Bytes& damaged : {png_around(stream, pixels.size(), 1 << 20), file}) {
    BOOST_TEST(code_of([&] { decode(damaged); }) == ErrorCode::corrupt);
    const Image image = decode(damaged, "", {}, lenient);
    BOOST_TEST(cv::norm(image.pixels, pixels, cv::NORM_INF) == 0);
    BOOST_TEST(image.lost.has(LossKind::pixels));
    BOOST_TEST(image.meta.text.size() == 1);
  }
}

BOOST_AUTO_TEST_CASE(an_interlaced_file_that_is_cut_off_is_coarse) {
  std::vector<Bytes> rows(64, Bytes(9));
  for (std::size_t y = 0; y < rows.size(); ++y) std::fill(rows[y].begin(), rows[y].end(), std::uint8_t(50 + y * y));
  const Bytes whole = raw_png(PNG_COLOR_TYPE_RGB, 8, true, rows);
  Rules lenient;
  lenient.lenient = true;
  const Image image = decode(Bytes(whole.begin(), whole.end() - 60), "", {}, lenient);
  BOOST_REQUIRE(image.lost.has(LossKind::pixels));
  BOOST_TEST(image.lost.begin()->detail.find("of 7, and is coarse") != std::string::npos);
  BOOST_TEST(cv::countNonZero(image.pixels.reshape(1)) == 9 * 64);
  BOOST_TEST(decode(whole, "", {}, lenient).lost.empty());
}

BOOST_AUTO_TEST_CASE(a_missing_end_is_said) {
  Bytes bytes = encode(picture({5, 5}, 3, CV_8U), "png");
  bytes.resize(bytes.size() - kEnd);
  BOOST_TEST(code_of([&] { decode(bytes); }) == ErrorCode::corrupt);
  Rules lenient;
  lenient.lenient = true;
  const Image image = decode(bytes, "", {}, lenient);
  BOOST_TEST(image.lost.has(LossKind::extra));
  BOOST_TEST(!image.lost.has(LossKind::pixels));
}

BOOST_AUTO_TEST_CASE(what_is_optimised_for_the_iphone_is_not_called_damaged) {
  const Bytes bytes = with_chunk(encode(picture({5, 5}, 3, CV_8U), "png"), "CgBI", {0x50, 0, 0x20, 2});
  Bytes first = bytes;  // it stands before the header
  std::rotate(first.begin() + 8, first.begin() + kBehindHeader, first.begin() + kBehindHeader + 16);
  BOOST_TEST(code_of([&] { decode(first); }) == ErrorCode::unsupported);
  BOOST_TEST(code_of([&] { probe(first); }) == ErrorCode::unsupported);
}

BOOST_AUTO_TEST_SUITE_END()
