// SPDX-License-Identifier: Apache-2.0
// What a picture is survives every format that can hold it, or is reported lost: from each format that is written to
// each other. The table that comes out is docs/formats.md; with CALOTYPE_UPDATE_DOCS in the environment it is written.
#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <opencv2/core.hpp>
#include <sstream>

#include "calotype/colour.hpp"
#include "support.hpp"

using namespace calotype;

namespace {

Bytes bytes_of(const std::string& text) { return Bytes(text.begin(), text.end()); }

bool holds(const Bytes& bytes, const std::string& text) {
  return std::search(bytes.begin(), bytes.end(), text.begin(), text.end()) != bytes.end();
}

/// A little-endian block of three directories: a maker, an orientation, a date, a place north of the equator.
Bytes exif_block(int orientation) {
  Bytes exif = {'I', 'I', 42, 0, 8, 0, 0, 0};
  const auto put = [&](std::uint32_t value, int width) {
    for (int i = 0; i < width; ++i) exif.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  };
  const auto entry = [&](std::uint32_t tag, std::uint32_t type, std::uint32_t count, std::uint32_t value) {
    put(tag, 2), put(type, 2), put(count, 4), put(value, 4);
  };
  constexpr std::uint32_t kAscii = 2, kShort = 3, kLong = 4, kPhoto = 80, kGps = 100, kTexts = 120;
  put(4, 2);  // 8 to 62
  entry(0x010F, kAscii, 14, kTexts);
  entry(0x0112, kShort, 1, std::uint32_t(orientation));
  entry(0x8769, kLong, 1, kPhoto);
  entry(0x8825, kLong, 1, kGps);
  put(0, 4);
  exif.resize(kPhoto);
  put(1, 2);  // to 98
  entry(0x9003, kAscii, 20, kTexts + 14);
  put(0, 4);
  exif.resize(kGps);
  put(1, 2);
  entry(0x0001, kAscii, 2, 'N');
  put(0, 4);
  exif.resize(kTexts);
  for (const char c : std::string("Calotype Inc.\0"
                                  "2026:01:02 03:04:05\0",
                                  34))
    exif.push_back(std::uint8_t(c));
  return exif;
}

const std::string kXmp =
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    "<rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/' dc:format='Some title'/>"
    "</rdf:RDF></x:xmpmeta>";
const std::string kIptc(
    "\x1C\x02\x78\x00\x09"
    "A caption",
    14);

/// Something that a picture has, and that gets lost easily.
struct Feature {
  std::string name;
  LossKind kind;
  std::function<Image()> picture;
  std::function<bool(const Image& original, const Image& result)> survives;
};

Image plain(int channels = 3, int depth = CV_8U) { return picture({40, 24}, channels, depth); }

Image with_metadata(const std::function<void(Metadata&)>& add) {
  Image image = plain();
  add(image.meta);
  return image;
}

const std::vector<Feature>& features() {
  static const std::vector<Feature> all = {
      {"colour profile", LossKind::icc,
       [] {
         return with_metadata([](Metadata& meta) {
           meta.icc = rgb_profile({{0.68, 0.32}, {0.265, 0.69}, {0.15, 0.06}, {0.3127, 0.329}}, srgb_transfer());
         });
       },
       [](const Image& original, const Image& result) { return result.meta.icc == original.meta.icc; }},
      {"profile of a grey picture", LossKind::icc,
       [] {
         Image image = plain(1);
         image.meta.icc = grey_profile(power_transfer(1.8));
         return image;
       },
       [](const Image&, const Image& result) {
         return colour_space(result.meta.icc) == (result.pixels.channels() < 3 ? ColourSpace::grey : ColourSpace::rgb);
       }},
      {"EXIF", LossKind::exif, [] { return with_metadata([](Metadata& meta) { meta.exif = exif_block(1); }); },
       [](const Image&, const Image& result) {
         return holds(result.meta.exif, "Calotype Inc.") && holds(result.meta.exif, "2026:01:02 03:04:05");
       }},
      {"XMP", LossKind::xmp, [] { return with_metadata([](Metadata& meta) { meta.xmp = bytes_of(kXmp); }); },
       [](const Image&, const Image& result) { return holds(result.meta.xmp, "Some title"); }},
      {"IPTC", LossKind::iptc, [] { return with_metadata([](Metadata& meta) { meta.iptc = bytes_of(kIptc); }); },
       [](const Image&, const Image& result) { return holds(result.meta.iptc, kIptc); }},
      {"comment", LossKind::text,
       [] { return with_metadata([](Metadata& meta) {
              meta.text = {{"Comment", "caf\xC3\xA9"}};
            }); },
       [](const Image& original, const Image& result) {  // TIFF's is a part of EXIF
         return result.meta.text == original.meta.text || holds(result.meta.exif, original.meta.text.front().second);
       }},
      {"density", LossKind::density, [] { return with_metadata([](Metadata& meta) {
                                            meta.density = {300, 150};
                                          }); },
       [](const Image&, const Image& result) {
         return std::abs(result.meta.density.x - 300) < 1 && std::abs(result.meta.density.y - 150) < 1;
       }},
      {"transparency", LossKind::alpha, [] { return plain(4); },
       [](const Image& original, const Image& result) {
         if (result.pixels.channels() != 4) return false;
         cv::Mat a, b;
         cv::extractChannel(original.pixels, a, 3);
         cv::extractChannel(result.pixels, b, 3);
         if (b.depth() == CV_16U) b.convertTo(b, CV_8U, 1 / 257.);
         return cv::norm(a, b, cv::NORM_INF) == 0;
       }},
      {"transparency of a grey picture", LossKind::alpha, [] { return plain(2); },
       [](const Image&, const Image& result) { return has_alpha(result.pixels); }},
      {"16 bits", LossKind::depth, [] { return plain(3, CV_16U); },
       [](const Image&, const Image& result) { return result.pixels.depth() != CV_8U; }},
      {"float samples", LossKind::depth, [] { return plain(3, CV_32F); },
       [](const Image&, const Image& result) { return result.pixels.depth() == CV_32F; }},
  };
  return all;
}

/// Through one format, and what that cost.
Image through(const std::string& format, const Image& image, Losses& lost) {
  const Bytes file = encode(image, format, {}, {}, format, &lost);
  Image result = decode(file, format);
  lost.add(result.lost);
  return result;
}

std::string table(const std::map<std::string, std::map<std::string, bool>>& kept) {
  std::ostringstream text, rule;
  text << "| |";
  rule << "|---|";
  for (const std::string& format : names(Kind::encoder)) {
    text << " " << format << " |";
    rule << ":-:|";
  }
  text << "\n" << rule.str() << "\n";
  for (const Feature& feature : features()) {
    text << "| " << feature.name << " |";
    for (const std::string& format : names(Kind::encoder))
      text << (kept.at(feature.name).at(format) ? " yes |" : " said |");
    text << "\n";
  }
  return text.str();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(formats)

BOOST_AUTO_TEST_CASE(nothing_is_lost_in_silence) {
  set_log_sink([](LogLevel, const std::string&) {});
  std::map<std::string, std::map<std::string, bool>> kept;
  for (const Feature& feature : features())
    for (const std::string& from : names(Kind::encoder)) {
      const Image original = feature.picture();
      Losses lost;
      const Image first = through(from, original, lost);
      const bool survived = feature.survives(original, first);
      kept[feature.name][from] = survived;
      BOOST_TEST(survived != lost.has(feature.kind), feature.name << " in " << from);
      if (!survived || (feature.kind == LossKind::text && first.meta.text.empty())) continue;
      for (const std::string& to : names(Kind::encoder)) {
        Losses again;
        const Image second = through(to, first, again);
        BOOST_TEST(feature.survives(original, second) != again.has(feature.kind),
                   feature.name << ": " << from << " to " << to);
      }
    }
  set_log_sink({});

  const std::string page = TEST_DOCS "/formats.md", begin = "<!-- formats -->\n", end = "<!-- /formats -->";
  const Bytes bytes = read_file(page);
  std::string text(bytes.begin(), bytes.end());
  const std::size_t from = text.find(begin), to = text.find(end);
  BOOST_REQUIRE((from != std::string::npos && to != std::string::npos));
  const std::size_t start = from + begin.size();
  const std::string now = table(kept);
  if (std::getenv("CALOTYPE_UPDATE_DOCS"))
    write_file(page, bytes_of(text.replace(start, to - start, now)), true);
  else
    BOOST_TEST(text.substr(start, to - start) == now,
               "docs/formats.md is out of date; run this with CALOTYPE_UPDATE_DOCS=1");
}

BOOST_AUTO_TEST_CASE(pictures_are_turned_once) {
  set_log_sink([](LogLevel, const std::string&) {});
  const auto is_upright = [](const Image& image) {
    return image.pixels.rows > image.pixels.cols && exif_orientation(image.meta.exif) == 1;
  };
  for (const std::string& from : names(Kind::encoder)) {
    Losses lost;
    const Image first = through(from, with_metadata([](Metadata& meta) { meta.exif = exif_block(6); }), lost);
    BOOST_TEST(is_upright(first) != lost.has(LossKind::exif), from);
    if (!is_upright(first)) continue;
    for (const std::string& to : names(Kind::encoder))
      BOOST_TEST(is_upright(through(to, first, lost)), from << " to " << to);
  }
  set_log_sink({});
}

BOOST_AUTO_TEST_SUITE_END()
