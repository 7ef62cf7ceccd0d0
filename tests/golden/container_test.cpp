// SPDX-License-Identifier: Apache-2.0
#include "container.hpp"

#include <boost/test/unit_test.hpp>

#include "alpha.hpp"
#include "calotype/error.hpp"
#include "pictures.hpp"

using namespace calotype;
using namespace calotype::latent;

namespace {

Header header(int width, int height) {
  Header h;
  h.width = width;
  h.height = height;
  h.rate = 100;
  h.model = 0x12345678;
  return h;
}

Bytes example() {
  Metadata meta;
  meta.icc = Bytes(300, 7);
  meta.exif = {'I', 'I', '*', 0};
  meta.text = {{"Comment", "hello"}, {"Author", ""}};
  Losses lost;
  auto boxes = metadata_boxes(meta, lost);
  boxes.emplace_back("zzzz", Bytes{1, 2, 3});
  return write_container(header(1500, 20), {{11, Bytes(40, 1)}, {22, Bytes(50, 2)}}, boxes);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(container)

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
  const Bytes file = example();
  const Container c = parse_container(file);
  BOOST_CHECK_EQUAL(c.header.width, 1500);
  BOOST_CHECK_EQUAL(c.header.height, 20);
  BOOST_CHECK_EQUAL(c.header.rate, 100);
  BOOST_CHECK_EQUAL(c.header.model, 0x12345678u);
  BOOST_REQUIRE_EQUAL(c.groups.size(), 2u);
  BOOST_CHECK_EQUAL(c.groups[1].checksum, 22u);
  BOOST_CHECK_EQUAL(c.groups[1].size, 50u);
  const Metadata meta = read_metadata(c);
  BOOST_CHECK(meta.icc == Bytes(300, 7));
  BOOST_CHECK(meta.exif == (Bytes{'I', 'I', '*', 0}));
  BOOST_REQUIRE_EQUAL(meta.text.size(), 2u);
  BOOST_CHECK_EQUAL(meta.text[0].second, "hello");
  BOOST_CHECK(c.box("zzzz") != nullptr);  // unknown to this reader, and no reason to fail
}

BOOST_AUTO_TEST_CASE(a_plain_picture_costs_32_bytes_beside_its_data) {
  BOOST_CHECK_EQUAL(write_container(header(768, 512), {{0, {}}}, {}).size(), 32u);
}

BOOST_AUTO_TEST_CASE(every_flipped_header_bit_is_noticed) {
  const Bytes file = example();
  for (int bit = 0; bit < 8 * kHeaderBytes; ++bit) {
    Bytes broken = file;
    broken[std::size_t(bit / 8)] ^= std::uint8_t(1 << bit % 8);
    BOOST_CHECK_THROW(parse_header(broken), Error);
  }
}

BOOST_AUTO_TEST_CASE(every_truncation_and_extension_is_noticed) {
  Bytes file = example();
  for (std::size_t size = 0; size < file.size(); ++size)
    BOOST_CHECK_THROW(parse_container(Bytes(file.begin(), file.begin() + std::ptrdiff_t(size))), Error);
  file.push_back(0);
  BOOST_CHECK_THROW(parse_container(file), Error);
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_of_a_box_is_noticed) {
  const Bytes file = example();
  const std::size_t boxes = kHeaderBytes + 16 + 40 + 50;
  for (std::size_t i = boxes; i < file.size(); ++i) {
    Bytes broken = file;
    broken[i] ^= 0x10;
    BOOST_CHECK_THROW(parse_container(broken), Error);
  }
}

BOOST_AUTO_TEST_CASE(metadata_beyond_reason_is_refused) {
  const auto with_boxes = [](std::size_t count, std::size_t size) {
    const std::vector<std::pair<std::string, Bytes>> boxes(count, {"text", Bytes(size, 0)});
    return write_container(header(1500, 20), {{11, Bytes(40, 1)}, {22, Bytes(50, 2)}}, boxes);
  };
  const auto is_limit = [](const Error& e) { return e.code() == ErrorCode::limit; };
  BOOST_TEST(parse_container(with_boxes(1024, 1)).boxes.size() == 1024u);
  BOOST_CHECK_EXCEPTION(parse_container(with_boxes(1025, 1)), Error, is_limit);
  BOOST_CHECK_EXCEPTION(parse_container(with_boxes(2, (std::size_t(32) << 20) + 1)), Error, is_limit);
}

BOOST_AUTO_TEST_CASE(alpha_is_lossless_and_checked) {
  for (const int depth : {CV_8U, CV_16U})
    for (const cv::Size size : {cv::Size(1, 1), cv::Size(7, 13), cv::Size(64, 48)}) {
      const cv::Mat plane = test_picture(size.width, size.height, 1, depth);
      const Bytes coded = encode_alpha(plane);
      BOOST_CHECK_EQUAL(cv::norm(decode_alpha(coded.data(), coded.size(), size), plane, cv::NORM_INF), 0);
      BOOST_CHECK_THROW(decode_alpha(coded.data(), coded.size(), {size.width + 1, size.height}), Error);
      BOOST_CHECK_THROW(decode_alpha(coded.data(), coded.size() - 1, size), Error);
    }
}

BOOST_AUTO_TEST_SUITE_END()
