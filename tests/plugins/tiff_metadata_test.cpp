// SPDX-License-Identifier: Apache-2.0
// What TIFF files say beside the pixels, read and written.
#include <codec_tiff/directory.hpp>
#include <opencv2/core.hpp>

#include "tiff_support.hpp"

using namespace calotype;

namespace {

enum : std::uint16_t {
  image_description = 270,
  model = 272,
  orientation = 274,
  software = 305,
  iptc = 33723,
  photoshop = 34377,
  exif_pointer = 34665,
  gps_pointer = 34853,
  date_taken = 36867,
  makers_note = 37500,
  interoperability = 40965
};

TiffPage page(std::function<void(TIFF*)> more = {}) {
  TiffPage made;
  made.samples = pattern({9, 7}, CV_8UC1, 8);
  made.more = std::move(more);
  return made;
}

/// A plain file with further tags.
Bytes with_tags(const TagTree& tags) {
  Bytes file = tiff_of({page()});
  add_to_only_directory(file, tags);
  return file;
}

TagTree one_tag(std::uint16_t tag, std::uint16_t type, const Bytes& data) {
  TagTree tags;
  tags.tags[tag] = {type, data, 0};
  return tags;
}

/// Of a directory of a file or block.
struct Found {
  explicit Found(const Bytes& of) : bytes(of), reader(bytes), directory(reader.read(reader.first())) {
    BOOST_REQUIRE(directory);
  }
  Found(const Found& parent, std::uint16_t pointer)
      : bytes(parent.bytes), reader(bytes), directory(reader.read(parent.number(pointer))) {
    BOOST_REQUIRE(directory);
  }
  bool has(std::uint16_t tag) const { return directory->find(tag); }
  std::uint64_t number(std::uint16_t tag) const {
    const Field* field = directory->find(tag);
    return field ? reader.number(*field).value_or(0) : 0;
  }
  std::string text(std::uint16_t tag) const {
    const Field* field = directory->find(tag);
    const Bytes raw = field ? reader.raw(*field) : Bytes();
    return std::string(raw.begin(), raw.empty() ? raw.end() : raw.end() - 1);
  }

  const Bytes bytes;
  DirectoryReader reader;
  std::optional<Directory> directory;
};

/// As a camera makes it, the maker's note at a given place.
Bytes camera_block(std::uint64_t home = 0) {
  TagTree tree;
  tree.set_text(model, "a camera");
  tree.set_short(orientation, 1);
  TagTree& photo = tree.children[exif_pointer];
  photo.set_text(date_taken, "2024:05:06 07:08:09");
  photo.tags[makers_note] = {tag_undefined, Bytes(30, 5), home};
  photo.children[interoperability].set_text(1, "R98");
  tree.children[gps_pointer].set_text(1, "N");
  return exif_block(tree);
}

void check_camera(const Found& image) {
  BOOST_TEST(image.text(model) == "a camera");
  const Found photo(image, exif_pointer);
  BOOST_TEST(photo.text(date_taken) == "2024:05:06 07:08:09");
  BOOST_TEST((photo.reader.raw(*photo.directory->find(makers_note)) == Bytes(30, 5)));
  BOOST_TEST(Found(photo, interoperability).text(1) == "R98");
  BOOST_TEST(Found(image, gps_pointer).text(1) == "N");
}

Image grey_picture() { return picture({20, 10}, 1, CV_8U); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tiff_metadata, Quiet)

BOOST_AUTO_TEST_CASE(density_in_either_unit) {
  const auto density = [](int unit, double x, double y) {
    return decode(tiff_of({page([=](TIFF* tiff) {
             TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, unit);
             TIFFSetField(tiff, TIFFTAG_XRESOLUTION, x);
             TIFFSetField(tiff, TIFFTAG_YRESOLUTION, y);
           })}))
        .meta;
  };
  BOOST_TEST(density(RESUNIT_INCH, 300, 150).density.x == 300);
  BOOST_TEST(density(RESUNIT_INCH, 300, 150).density.y == 150);
  BOOST_TEST(density(RESUNIT_CENTIMETER, 100, 50).density.x == 254);
  BOOST_TEST(!density(RESUNIT_NONE, 1, 2).density.known());
  BOOST_TEST(density(RESUNIT_INCH, 300, 150).exif.empty());  // which says nothing else
}

BOOST_AUTO_TEST_CASE(a_directory_describes_the_picture) {
  for (const char* mode : {"l", "b", "8l", "8b"}) BOOST_TEST_CONTEXT(mode) {
      const Metadata meta = decode(tiff_of({page([](TIFF* tiff) {
                                             TIFFSetField(tiff, TIFFTAG_MODEL, "a scanner");
                                             TIFFSetField(tiff, TIFFTAG_SOFTWARE, "pro");
                                             TIFFSetField(tiff, TIFFTAG_XRESOLUTION, 72.5);
                                             TIFFSetField(tiff, TIFFTAG_YRESOLUTION, 72.5);
                                           })},
                                           mode))
                                .meta;
      const Found exif(meta.exif);
      BOOST_TEST(meta.exif[0] == 'I');
      BOOST_TEST(exif.text(model) == "a scanner");
      BOOST_TEST(exif.text(software) == "pro");
      BOOST_TEST(exif.reader.rational(*exif.directory->find(282)).value() == 72.5);
      for (const std::uint16_t structural : {256, 257, 258, 259, 262, 273, 277, 278, 279})
        BOOST_TEST(!exif.has(structural));
    }
  BOOST_TEST(decode(tiff_of({page()})).meta.exif.empty());
}

BOOST_AUTO_TEST_CASE(directories_for_exif_are_kept) {
  Image image = grey_picture();
  image.meta.exif = camera_block();
  Losses lost;
  const Bytes file = encode(image, "tiff", {}, {}, "memory", &lost);
  BOOST_TEST(lost.empty());
  check_camera(Found(file));
  const Image back = decode(file);
  BOOST_TEST(back.lost.empty());
  check_camera(Found(back.meta.exif));
  BOOST_TEST((decode(encode(back, "tiff")).meta.exif == back.meta.exif));
  BOOST_TEST(cv::norm(back.pixels, image.pixels, cv::NORM_INF) == 0);
}

BOOST_AUTO_TEST_CASE(a_makers_note_stays_where_its_offsets_count_from) {
  Image image = grey_picture();
  image.meta.exif = camera_block(400);
  const auto where = [](const Bytes& bytes) {
    const Found image_directory(bytes);
    return Found(image_directory, exif_pointer).directory->find(makers_note)->at;
  };
  BOOST_TEST(where(image.meta.exif) == 400);
  const Bytes file = encode(image, "tiff");
  BOOST_TEST(where(file) == 400);
  BOOST_TEST(where(decode(file).meta.exif) == 400);
}

BOOST_AUTO_TEST_CASE(orientation_reaches_the_library) {
  const Bytes file = tiff_of({page([](TIFF* tiff) {
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_BOTRIGHT);
    TIFFSetField(tiff, TIFFTAG_MODEL, "m");
  })});
  const Image image = decode(file);
  BOOST_TEST(image.pixels.at<uchar>(0, 0) == page().samples.at<uchar>(6, 8));
  BOOST_TEST(Found(image.meta.exif).number(orientation) == 1);
  // Of an odd type.
  const Bytes odd = with_tags(one_tag(orientation, tag_byte, {6}));
  BOOST_TEST(decode(odd).pixels.cols == probe(odd).width);
  BOOST_TEST(decode(odd).pixels.cols == 7);
}

BOOST_AUTO_TEST_CASE(profile_xmp_and_iptc) {
  Image image = picture({20, 10}, 3, CV_8U);
  image.meta.icc = rgb_profile(srgb_primaries(), srgb_transfer());
  const std::string xmp = "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>";
  image.meta.xmp.assign(xmp.begin(), xmp.end());
  image.meta.iptc = {0x1C, 2, 120, 0, 3, 'a', 'b', 'c'};
  image.meta.density = {300, 72.25};
  const Image back = decode(encode(image, "tiff"));
  BOOST_TEST((back.meta.icc == image.meta.icc));
  BOOST_TEST((back.meta.xmp == image.meta.xmp));
  BOOST_TEST((back.meta.iptc == image.meta.iptc));
  BOOST_TEST(back.meta.density.x == 300);
  BOOST_TEST(back.meta.density.y == 72.25);
}

BOOST_AUTO_TEST_CASE(iptc_of_any_type_and_inside_of_photoshops) {
  const Bytes sets = {0x1C, 2, 120, 0, 2, 'a', 'b'}, padded = {0x1C, 2, 120, 0, 2, 'a', 'b', 0};
  BOOST_TEST((decode(with_tags(one_tag(iptc, tag_byte, sets))).meta.iptc == sets));
  BOOST_TEST((decode(with_tags(one_tag(iptc, tag_long, padded))).meta.iptc == sets));
  // Bytes that are called LONGs are in their own order in every file.
  Bytes big_endian = tiff_of(
      {page([&](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_RICHTIFFIPTC, int(padded.size()), padded.data()); })}, "b");
  const std::uint8_t bytes[] = {0x83, 0xBB, 0, tag_undefined, 0, 0, 0, 8},
                     longs[] = {0x83, 0xBB, 0, tag_long, 0, 0, 0, 2};
  const auto entry = std::search(big_endian.begin(), big_endian.end(), bytes, bytes + 8);
  BOOST_REQUIRE((entry != big_endian.end()));
  std::copy(longs, longs + 8, entry);
  BOOST_TEST((decode(big_endian).meta.iptc == sets));
  Bytes resource = {'8', 'B', 'I', 'M', 4, 4, 0, 0, 0, 0, 0, 7};
  resource.insert(resource.end(), padded.begin(), padded.end());
  BOOST_TEST((decode(with_tags(one_tag(photoshop, tag_byte, resource))).meta.iptc == sets));
  BOOST_TEST(detail_of(decode(with_tags(one_tag(iptc, tag_byte, {1, 2, 3, 4, 5}))).lost, LossKind::iptc) ==
             "IPTC is damaged and left out");
}

BOOST_AUTO_TEST_CASE(a_description_alone_is_a_comment) {
  const auto meta = [](const std::string& description, bool with_model) {
    return decode(tiff_of({page([&](TIFF* tiff) {
             TIFFSetField(tiff, TIFFTAG_IMAGEDESCRIPTION, description.c_str());
             if (with_model) TIFFSetField(tiff, TIFFTAG_MODEL, "m");
           })}))
        .meta;
  };
  using Texts = std::vector<std::pair<std::string, std::string>>;
  BOOST_TEST((meta("caf\xC3\xA9", false).text == Texts{{"Comment", "caf\xC3\xA9"}}));
  BOOST_TEST((meta("caf\xE9", false).text == Texts{{"Comment", "caf\xC3\xA9"}}));
  BOOST_TEST(meta("text", false).exif.empty());
  BOOST_TEST(meta("text", true).text.empty());
  BOOST_TEST(Found(meta("text", true).exif).text(image_description) == "text");
}

BOOST_AUTO_TEST_CASE(text_becomes_the_description) {
  Image image = grey_picture();
  image.meta.text = {{"Comment", "one"}, {"Title", "two"}};
  Losses lost;
  const Bytes file = encode(image, "tiff", {}, {}, "memory", &lost);
  BOOST_TEST(Found(file).text(image_description) == "one");
  BOOST_TEST(detail_of(lost, LossKind::text) == "text under \"Title\" has no place in this format");
  // EXIF comes first, and what it says already is not lost.
  TagTree tree;
  tree.set_text(image_description, "mine");
  image.meta.exif = exif_block(tree);
  image.meta.text = {{"Comment", "mine"}};
  Losses none;
  BOOST_TEST(Found(encode(image, "tiff", {}, {}, "memory", &none)).text(image_description) == "mine");
  BOOST_TEST(none.empty());
  image.meta.text = {{"Comment", "other"}};
  BOOST_TEST(Found(encode(image, "tiff", {}, {}, "memory", &none)).text(image_description) == "mine");
  BOOST_TEST(none.has(LossKind::text));
}

BOOST_AUTO_TEST_CASE(tags_that_would_change_the_picture_stay_out) {
  Image image = grey_picture();
  TagTree tree;
  tree.set_text(model, "m");
  tree.set_short(256, 7);     // width
  tree.set_short(259, 5);     // compression
  tree.set_short(32997, 99);  // depth
  image.meta.exif = exif_block(tree);
  Losses lost;
  const Bytes file = encode(image, "tiff", {{"compression", "none"}}, {}, "memory", &lost);
  const Image back = decode(file);
  BOOST_TEST(cv::norm(back.pixels, image.pixels, cv::NORM_INF) == 0);
  BOOST_TEST(Found(file).text(model) == "m");
  BOOST_TEST(!Found(file).has(32997));
  BOOST_TEST(detail_of(lost, LossKind::exif) == "some tags of EXIF have no place in this format");
  image.meta.exif = {1, 2, 3, 4, 5};
  Losses all;
  encode(image, "tiff", {}, {}, "memory", &all);
  BOOST_TEST(detail_of(all, LossKind::exif) == "EXIF is damaged and left out");
}

BOOST_AUTO_TEST_CASE(what_has_no_place_is_said) {
  const auto extra = [](const Bytes& file) { return detail_of(decode(file).lost, LossKind::extra); };
  BOOST_TEST(extra(with_tags(one_tag(34735, tag_short, {1, 0, 1, 0, 0, 0, 0, 0}))) == "GeoTIFF tags are left out");
  BOOST_TEST(extra(with_tags(one_tag(37724, tag_undefined, Bytes(20)))) == "Photoshop's layers are left out");
  BOOST_TEST(extra(with_tags(one_tag(photoshop, tag_byte, {'8', 'B', 'I', 'M', 7, 0xD0, 0, 0, 0, 0, 0, 2, 1, 2}))) ==
             "clipping paths are left out");
  BOOST_TEST(extra(tiff_of({page()})).empty());
  TiffPage with_sub = page([](TIFF* tiff) {
    const toff_t none[] = {0};
    TIFFSetField(tiff, TIFFTAG_SUBIFD, 1, none);
  });
  TiffPage sub = page();
  BOOST_TEST(extra(tiff_of({with_sub, sub})) == "pictures in sub-directories are left out");
  sub.more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE); };
  const Losses lost = decode(tiff_of({with_sub, sub})).lost;
  BOOST_TEST(!lost.has(LossKind::extra));
  BOOST_TEST(lost.has(LossKind::thumbnail));
}

BOOST_AUTO_TEST_SUITE_END()
