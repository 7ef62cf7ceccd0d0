// SPDX-License-Identifier: Apache-2.0
#include <codec_tiff/directory.hpp>

#include "support.hpp"

using namespace calotype;

namespace {

constexpr std::uint16_t kText = 270, kNumber = 274, kFraction = 282, kChild = 34665, kGrandchild = 40965, kNote = 37500;

TagTree tree() {
  TagTree tree;
  tree.set_text(kText, "a text that does not fit an entry");
  tree.set_short(kNumber, 6);
  tree.set_rational(kFraction, 72.5);
  TagTree& child = tree.children[kChild];
  child.set_text(1, "abc");
  child.tags[kNote] = {tag_undefined, Bytes(20, 7), 0};
  child.children[kGrandchild].set_short(2, 3);
  return tree;
}

/// The header of an empty file.
Bytes header(bool big) {
  return big ? Bytes{'I', 'I', 43, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0} : Bytes{'I', 'I', 42, 0, 0, 0, 0, 0};
}

std::string text(const DirectoryReader& reader, const Field& field) {
  const Bytes bytes = reader.raw(field);
  return std::string(bytes.begin(), bytes.end() - 1);
}

void put(Bytes& bytes, std::size_t at, std::uint64_t value, int width) {
  for (int i = 0; i < width; ++i) bytes[at + std::size_t(i)] = std::uint8_t(value >> 8 * i);
}

/// One directory at 8 with `count` equal entries.
Bytes repeated(std::uint16_t count, std::uint16_t type, std::uint32_t values, std::uint32_t at) {
  Bytes file(8 + 2 + std::size_t(count) * 12 + 4);
  file[0] = file[1] = 'I';
  put(file, 2, 42, 2);
  put(file, 4, 8, 4);
  put(file, 8, count, 2);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t entry = 10 + 12 * i;
    put(file, entry, 60000, 2);
    put(file, entry + 2, type, 2);
    put(file, entry + 4, values, 4);
    put(file, entry + 8, at, 4);
  }
  return file;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tiff_directory)

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
  for (const bool big : {false, true}) {
    Bytes file = header(big);
    const std::uint64_t at = append_directory(file, tree(), big);
    const DirectoryReader reader(file);
    BOOST_TEST(reader.big() == big);
    const auto directory = reader.read(at);
    BOOST_REQUIRE(directory);
    BOOST_REQUIRE(directory->fields.size() == 4);
    BOOST_TEST(directory->next == 0);
    for (std::size_t i = 1; i < 4; ++i) BOOST_TEST(directory->fields[i - 1].tag < directory->fields[i].tag);
    BOOST_TEST(text(reader, *directory->find(kText)) == "a text that does not fit an entry");
    BOOST_TEST(reader.number(*directory->find(kNumber)).value() == 6);
    BOOST_TEST(reader.rational(*directory->find(kFraction)).value() == 72.5);
    const auto child = reader.read(reader.number(*directory->find(kChild)).value());
    BOOST_REQUIRE(child);
    BOOST_TEST(text(reader, *child->find(1)) == "abc");
    BOOST_TEST((reader.raw(*child->find(kNote)) == Bytes(20, 7)));
    const auto grandchild = reader.read(reader.number(*child->find(kGrandchild)).value());
    BOOST_REQUIRE(grandchild);
    BOOST_TEST(reader.number(*grandchild->find(2)).value() == 3);
  }
}

BOOST_AUTO_TEST_CASE(big_endian_values_become_little_endian) {
  const Bytes file = {'M', 'M', 0, 42,
                      0,   0,   0, 8,
                      0,   2,  //
                      1,   0,   0, tag_short,
                      0,   0,   0, 2,
                      1,   2,   3, 4,  // two numbers in the entry
                      1,   1,   0, tag_rational,
                      0,   0,   0, 1,
                      0,   0,   0, 38,  // one that lies behind
                      0,   0,   0, 0,   //
                      0,   0,   0, 3,
                      0,   0,   0, 2};
  const DirectoryReader reader(file);
  const auto directory = reader.read(reader.first());
  BOOST_REQUIRE(directory);
  BOOST_TEST(reader.number(*directory->find(256), 1).value() == 0x0304);
  BOOST_TEST((reader.little_endian(*directory->find(256)) == Bytes{2, 1, 4, 3}));
  BOOST_TEST((reader.raw(*directory->find(256)) == Bytes{1, 2, 3, 4}));
  BOOST_TEST(reader.rational(*directory->find(257)).value() == 1.5);
  BOOST_TEST((reader.little_endian(*directory->find(257)) == Bytes{3, 0, 0, 0, 2, 0, 0, 0}));
}

BOOST_AUTO_TEST_CASE(values_lie_at_home_where_there_is_room) {
  const auto where = [](std::uint64_t home, std::size_t before) {
    TagTree all = tree();
    all.children[kChild].tags[kNote].home = home;
    Bytes file = header(false);
    file.resize(before);
    const std::uint64_t at = append_directory(file, all, false);
    const DirectoryReader reader(file);
    const auto child = reader.read(reader.number(*reader.read(at)->find(kChild)).value());
    BOOST_TEST((reader.raw(*child->find(kNote)) == Bytes(20, 7)));
    BOOST_TEST(text(reader, *reader.read(at)->find(kText)) == "a text that does not fit an entry");
    return child->find(kNote)->at;
  };
  BOOST_TEST(where(1000, 8) == 1000);
  BOOST_TEST(where(70, 8) == 70);  // amid the others
  BOOST_TEST(where(9, 8) == 9);
  BOOST_TEST(where(100, 5000) > 5000);      // taken
  BOOST_TEST(where(1 << 24, 8) < 1 << 16);  // too far
}

BOOST_AUTO_TEST_CASE(more_tags_join_those_of_a_file) {
  Bytes file = header(false);
  file.insert(file.end(), {1, 2, 3, 4});  // pixels
  TagTree own, more;
  own.set_short(kNumber, 1);
  own.set_text(256, "own and long");
  put(file, 4, append_directory(file, own, false), 4);
  more.set_short(kNumber, 8);
  more.set_text(kText, "more");
  const std::size_t before = file.size();
  add_to_only_directory(file, more);
  BOOST_TEST(file.size() < before + 40);  // nothing is there twice
  BOOST_TEST(file[8] == 1);
  const DirectoryReader reader(file);
  const auto directory = reader.read(reader.first());
  BOOST_REQUIRE(directory);
  BOOST_TEST(reader.number(*directory->find(kNumber)).value() == 1);
  BOOST_TEST(text(reader, *directory->find(256)) == "own and long");
  BOOST_TEST(text(reader, *directory->find(kText)) == "more");
}

BOOST_AUTO_TEST_CASE(bad_bytes_give_nothing) {
  Bytes file = exif_block(tree());
  for (std::size_t size = 0; size < file.size(); ++size) {
    const Bytes cut(file.begin(), file.begin() + std::ptrdiff_t(size));
    const DirectoryReader reader(cut);
    const auto directory = reader.read(reader.first());
    if (!directory) continue;
    for (const Field& field : directory->fields) BOOST_TEST(field.at + field.size() <= size);
  }
  const auto read = [](const Bytes& bytes) {
    const DirectoryReader reader(bytes);
    return reader.read(reader.first());
  };
  BOOST_TEST(!read({'I', 'M', 42, 0, 8, 0, 0, 0, 0, 0}));
  BOOST_TEST(!read({'I', 'I', 42, 0, 0, 0, 0, 0, 0, 0}));
  BOOST_TEST(read(repeated(4096, tag_short, 1, 5))->fields.size() == 4096);
  BOOST_TEST(!read(repeated(4097, tag_short, 1, 5)));
  BOOST_TEST(read(repeated(10, 0, 1, 5))->fields.empty());                  // no such type
  BOOST_TEST(read(repeated(10, tag_byte, 0xFFFFFFFF, 5))->fields.empty());  // longer than the file
  BOOST_TEST(read(repeated(10, tag_byte, 10, 0xFFFFFFFF))->fields.empty());
  BOOST_TEST(!read(repeated(100, tag_byte, 1000, 8)));  // a hundred times the same
}

BOOST_AUTO_TEST_SUITE_END()
