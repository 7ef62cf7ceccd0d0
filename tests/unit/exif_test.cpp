// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <random>

#include "../../lib/src/exif_block.hpp"
#include "support.hpp"

using namespace calotype;
using namespace std::string_literals;

namespace {

constexpr auto kImage = ExifBlock::Directory::image, kPhoto = ExifBlock::Directory::photo;
constexpr std::uint32_t kShort = 3, kLong = 4, kRational = 5;

/// Writes a block piece by piece.
class Builder {
 public:
  explicit Builder(bool big_endian) : big_endian_(big_endian) {
    bytes.assign(2, big_endian ? 'M' : 'I');
    number(42, 2);
    number(8, 4);
  }
  void number(std::uint32_t value, int width) {
    for (int i = 0; i < width; ++i) bytes.push_back(std::uint8_t(value >> 8 * (big_endian_ ? width - 1 - i : i)));
  }
  void entry(std::uint32_t tag, std::uint32_t type, std::uint32_t count, std::uint32_t value) {
    number(tag, 2);
    number(type, 2);
    number(count, 4);
    number(value, type == kShort ? 2 : 4);
    if (type == kShort) number(0, 2);
  }
  Bytes bytes;

 private:
  bool big_endian_;
};

struct Thumbnail {
  std::uint32_t offset, length;
};

/// The directories of a photograph's block, a resolution and 100 bytes of something, from `kFree` on.
constexpr std::uint32_t kFree = 170;
Bytes block(bool big_endian, Thumbnail thumbnail, std::uint32_t offset_tag = 0x0201,
            std::uint32_t length_tag = 0x0202) {
  Builder block(big_endian);
  block.number(5, 2);  // at 8, up to 74
  block.entry(0x0100, kLong, 1, 640);
  block.entry(0x0112, kShort, 1, 6);
  block.entry(0x011A, kRational, 1, 146);
  block.entry(0x0128, kShort, 1, 3);
  block.entry(0x8769, kLong, 1, 74);
  block.number(104, 4);
  block.number(2, 2);  // at 74, up to 104
  block.entry(0xA002, kShort, 1, 640);
  block.entry(0xA003, kShort, 1, 480);
  block.number(0, 4);
  block.number(3, 2);  // at 104, up to 146
  block.entry(0x0103, kShort, 1, 6);
  block.entry(offset_tag, kLong, 1, thumbnail.offset);
  block.entry(length_tag, kLong, 1, thumbnail.length);
  block.number(0, 4);
  block.number(300, 4);  // at 146
  block.number(2, 4);
  block.bytes.resize(kFree, 'g');
  block.bytes.resize(kFree + 100, 't');
  return block.bytes;
}

std::ptrdiff_t count(const Bytes& bytes, char byte, std::size_t from) {
  return std::count(bytes.begin() + std::ptrdiff_t(from), bytes.end(), std::uint8_t(byte));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(exif)

BOOST_AUTO_TEST_CASE(values_in_both_byte_orders) {
  for (const bool big_endian : {false, true}) {
    Bytes bytes = block(big_endian, {kFree, 100});
    ExifBlock exif(bytes);
    BOOST_TEST(exif.number(kImage, ExifBlock::image_width).value() == 640u);
    BOOST_TEST(exif.number(kImage, ExifBlock::orientation).value() == 6u);
    BOOST_TEST(exif.number(kPhoto, ExifBlock::pixel_y_dimension).value() == 480u);
    BOOST_TEST(exif.rational(kImage, ExifBlock::x_resolution).value() == 150);
    BOOST_TEST(!exif.rational(kImage, ExifBlock::y_resolution));
    BOOST_TEST(!exif.number(kImage, ExifBlock::image_length));
    BOOST_TEST(exif.replace(kImage, ExifBlock::image_width, 100000));
    BOOST_TEST(!exif.replace(kImage, ExifBlock::image_width, 100000));  // it is
    BOOST_TEST(exif.replace(kPhoto, ExifBlock::pixel_x_dimension, 65535));
    BOOST_TEST(!exif.replace(kPhoto, ExifBlock::pixel_x_dimension, 65536));
    BOOST_TEST(!exif.replace(kImage, ExifBlock::image_length, 1));
    BOOST_TEST(exif.number(kImage, ExifBlock::image_width).value() == 100000u);
    BOOST_TEST(exif.number(kPhoto, ExifBlock::pixel_x_dimension).value() == 65535u);
    BOOST_TEST(exif_density(bytes).x == 150 * 2.54);
  }
}

BOOST_AUTO_TEST_CASE(a_thumbnail_at_the_end_is_cut_off) {
  for (const bool big_endian : {false, true})
    for (const std::uint32_t length : {100u, 1000u, 0xFFFFFFFFu}) {
      Bytes bytes = block(big_endian, {kFree, length});
      BOOST_TEST(ExifBlock(bytes).drop_thumbnail());
      BOOST_TEST(bytes.size() == kFree);
      BOOST_TEST(!ExifBlock(bytes).drop_thumbnail());
      BOOST_TEST(ExifBlock(bytes).number(kPhoto, ExifBlock::pixel_y_dimension).value() == 480u);
    }
}

BOOST_AUTO_TEST_CASE(a_thumbnail_in_the_middle_is_overwritten) {
  for (const bool strips : {false, true}) {
    Bytes bytes = strips ? block(true, {kFree + 10, 80}, 0x0111, 0x0117) : block(true, {kFree + 10, 80});
    BOOST_TEST(ExifBlock(bytes).drop_thumbnail());
    BOOST_TEST(bytes.size() == kFree + 100);
    BOOST_TEST(count(bytes, 't', kFree) == 20);
    BOOST_TEST(count(bytes, 0, kFree) == 80);
  }
}

BOOST_AUTO_TEST_CASE(a_thumbnail_before_its_directories_is_overwritten) {
  Builder block(false);
  block.bytes[4] = 28;  // the first directory, behind 20 bytes
  block.bytes.resize(28, 't');
  block.number(0, 2);
  block.number(34, 4);
  block.number(2, 2);
  block.entry(0x0201, kLong, 1, 8);
  block.entry(0x0202, kLong, 1, 20);
  block.number(0, 4);
  BOOST_TEST(ExifBlock(block.bytes).drop_thumbnail());
  BOOST_TEST(count(block.bytes, 't', 0) == 0);
}

BOOST_AUTO_TEST_CASE(all_strips_of_a_thumbnail_are_overwritten) {
  Builder block(true);
  block.number(0, 2);
  block.number(14, 4);
  block.number(2, 2);  // at 14, up to 44
  block.entry(0x0111, kLong, 3, 44);
  for (const auto& [value, width] : {std::pair{0x0117u, 2}, {kShort, 2}, {2u, 4}, {20u, 2}, {10u, 2}})
    block.number(value, width);
  block.number(0, 4);
  for (const std::uint32_t strip : {100u, 60u, 8u}) block.number(strip, 4);
  block.bytes.resize(60, 'g');
  block.bytes.resize(130, 't');
  BOOST_TEST(ExifBlock(block.bytes).drop_thumbnail());
  BOOST_TEST(count(block.bytes, 't', 0) == 40);
  BOOST_TEST(count(block.bytes, 'g', 0) == 4);
}

BOOST_AUTO_TEST_CASE(what_is_no_thumbnail_is_not_overwritten) {
  const Bytes original = block(false, {0, 0});
  for (const std::uint32_t offset : {0u, 4u, 8u, 20u, 74u, 80u, 104u, 140u, 0xFFFFFFFFu})
    for (const std::uint32_t length : {0u, 1u, 100u, 0xFFFFFFFFu}) {
      Bytes bytes = block(false, {offset, length});
      ExifBlock exif(bytes);
      BOOST_TEST(exif.drop_thumbnail());
      BOOST_TEST(bytes.size() == original.size());
      BOOST_TEST(exif.number(kImage, ExifBlock::orientation).value() == 6u);
      BOOST_TEST(exif.number(kPhoto, ExifBlock::pixel_y_dimension).value() == 480u);
      BOOST_TEST(count(bytes, 't', kFree) == 100);
    }
}

BOOST_AUTO_TEST_CASE(hostile_blocks_do_no_harm) {
  std::mt19937 random(1);
  const auto use = [](Bytes bytes) {
    ExifBlock exif(bytes);
    for (const auto directory : {kImage, kPhoto})
      for (const auto tag : {ExifBlock::orientation, ExifBlock::image_width, ExifBlock::pixel_x_dimension}) {
        exif.number(directory, tag);
        exif.rational(directory, tag);
        exif.replace(directory, tag, 1);
      }
    exif.drop_thumbnail();
  };
  for (const bool big_endian : {false, true}) {
    const Bytes whole = block(big_endian, {kFree, 100});
    for (std::size_t size = 0; size < whole.size(); ++size)
      use(Bytes(whole.begin(), whole.begin() + std::ptrdiff_t(size)));
    for (int i = 0; i < 20000; ++i) {
      Bytes bytes = whole;
      for (auto changes = 1 + random() % 6; changes-- > 0;)
        bytes[random() % kFree] = std::uint8_t(random() % 3 ? random() : 0xFF);
      use(bytes);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_exif_is_left_alone) {
  for (const std::string& text : {""s, "II"s, "II*"s, "IM*\0aaaa"s, "XX*\0aaaaaa"s, "II+\0\x08\0\0\0"s}) {
    Bytes bytes = bytes_of(text);
    ExifBlock exif(bytes);
    BOOST_TEST(!exif.number(kImage, ExifBlock::orientation));
    BOOST_TEST(!exif.drop_thumbnail());
    BOOST_TEST(bytes == bytes_of(text));
  }
}

BOOST_AUTO_TEST_SUITE_END()
