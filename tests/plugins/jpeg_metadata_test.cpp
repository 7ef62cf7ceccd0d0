// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <opencv2/core.hpp>
#include <pugixml.hpp>
#include <random>
#include <set>

#include "jpeg_file.hpp"
#include "support.hpp"

using namespace calotype;
using namespace std::string_literals;
using jpeg_file::Segment;

namespace {

constexpr int kApp0 = 0xE0, kApp1 = 0xE1, kApp2 = 0xE2, kApp13 = 0xED, kComment = 0xFE;

Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }
std::string text_of(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

/// A file with these segments, decoded.
Image decoded(const std::vector<Segment>& segments, int channels = 3) {
  return decode(jpeg_file::with(jpeg_file::make(picture({16, 16}, channels, CV_8U).pixels), segments));
}

/// A picture with this metadata, encoded.
Bytes encoded(const Metadata& meta, Losses* lost = nullptr) {
  Image image = picture({16, 16}, 3, CV_8U);
  image.meta = meta;
  return encode(image, "jpeg", {}, {}, "output", lost);
}

Metadata with_xmp(const std::string& packet) {
  Metadata meta;
  meta.xmp = bytes_of(packet);
  return meta;
}

/// Names and texts of all properties of a packet, however they are written down.
std::multiset<std::string> properties(const Bytes& packet) {
  pugi::xml_document document;
  BOOST_REQUIRE(document.load_buffer(packet.data(), packet.size()));
  std::multiset<std::string> found;
  for (const auto description : document.select_nodes("/*/*[local-name()='RDF']/*")) {
    for (const auto attribute : description.node().attributes()) {
      const std::string name = attribute.name();
      if (name.find("xmlns") != 0 && name != "rdf:about") found.insert(name + "=" + attribute.value());
    }
    for (const auto element : description.node().children())
      found.insert(std::string(element.name()) + "=" + element.text().get());
  }
  return found;
}

/// The parts of an extended packet, as segments.
std::vector<Segment> extension(const std::string& guid, const std::string& text, std::size_t piece) {
  std::vector<Segment> segments;
  for (std::size_t at = 0; at < text.size(); at += piece)
    segments.push_back({kApp1, jpeg_file::extended_xmp + guid + jpeg_file::number(text.size(), 4) +
                                   jpeg_file::number(at, 4) + text.substr(at, piece)});
  return segments;
}

const std::string kGuid = "0123456789ABCDEF0123456789ABCDEF";

Segment packet_with_note() {
  return {kApp1, jpeg_file::xmp + jpeg_file::packet("dc:format='image/jpeg' xmpNote:HasExtendedXMP='" + kGuid + "'")};
}

std::string iptc(std::size_t size) {
  return "\x1C\x02\x78"s + (size < 0x8000 ? jpeg_file::number(size, 2) : "\x80\x04"s + jpeg_file::number(size, 4)) +
         std::string(size, 'c');
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(jpeg_metadata, Quiet)

BOOST_AUTO_TEST_CASE(segments_stand_in_the_order_that_others_write) {
  Metadata meta = with_xmp(jpeg_file::packet(""));
  meta.exif = bytes_of("II*\0\x08\0\0\0\0\0\0\0\0\0"s);
  meta.iptc = bytes_of(iptc(3));
  meta.icc = rgb_profile(srgb_primaries(), power_transfer(2));
  meta.text = {{"Comment", "one"}, {"Author", "two"}};
  const auto segments = jpeg_file::segments(encoded(meta));
  const std::vector<std::pair<int, std::string>> expected = {{kApp0, "JFIF\0"s},
                                                             {kApp1, jpeg_file::exif},
                                                             {kApp1, jpeg_file::xmp},
                                                             {kApp13, jpeg_file::photoshop},
                                                             {kApp2, "ICC_PROFILE\0\1\1"s},
                                                             {kComment, "one"},
                                                             {kComment, "Author: two"}};
  BOOST_REQUIRE(segments.size() >= expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    BOOST_TEST(segments[i].marker == expected[i].first);
    BOOST_TEST(segments[i].data.find(expected[i].second) == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_file_with_everything) {
  for (const bool progressive : {false, true}) {
    const Image image = decode(jpeg_file::full(progressive));
    BOOST_TEST(image.pixels.cols == 37);  // turned
    BOOST_TEST(!image.meta.exif.empty());
    BOOST_TEST((properties(image.meta.xmp) == std::multiset<std::string>{"dc:title=a", "dc:source=b"}));
    BOOST_TEST(text_of(image.meta.iptc) ==
               "\x1C\x02\x78\0\x03"
               "abc"s);
    BOOST_TEST(image.meta.text.size() == 2);
    BOOST_TEST(detail_of(image.lost, LossKind::extra) ==
               "references to further pictures (MPF), JUMBF boxes, such as content credentials (C2PA), clipping paths "
               "are left out; 16 bytes behind the picture are left out (a motion photo's video, a gain map or another "
               "picture)");
    BOOST_TEST(image.lost.has(LossKind::thumbnail));
    BOOST_TEST(image.lost.has(LossKind::icc));  // two hundred letters are no profile
    BOOST_TEST(!image.lost.has(LossKind::pixels));
  }
}

BOOST_AUTO_TEST_CASE(orientation_is_known_from_the_header) {
  const ImageInfo info = probe(jpeg_file::full(true));
  BOOST_TEST(info.orientation == 6);
  BOOST_TEST(info.width == 37);
  BOOST_TEST(info.height == 23);
}

BOOST_AUTO_TEST_CASE(density_in_inches_and_centimetres) {
  const auto density = [](int unit, int x, int y) {
    Bytes file = jpeg_file::make(picture({16, 16}, 3, CV_8U).pixels);
    file[13] = std::uint8_t(unit);
    for (int i = 0; i < 2; ++i) {
      file[std::size_t(14 + i)] = std::uint8_t(x >> 8 * (1 - i));
      file[std::size_t(16 + i)] = std::uint8_t(y >> 8 * (1 - i));
    }
    return decode(file).meta.density;
  };
  BOOST_TEST(density(1, 300, 150).x == 300);
  BOOST_TEST(density(1, 300, 150).y == 150);
  BOOST_TEST(density(2, 100, 200).x == 254);
  BOOST_TEST(density(2, 100, 200).y == 508);
  BOOST_TEST(!density(0, 4, 3).known());
  BOOST_TEST(!density(1, 0, 300).known());
  BOOST_TEST(!density(3, 300, 300).known());
}

BOOST_AUTO_TEST_CASE(density_is_written_in_the_unit_that_fits) {
  const auto kept = [](double x, double y, std::string* said) {
    Metadata meta;
    meta.density = {x, y};
    Losses lost;
    const Density back = decode(encoded(meta, &lost)).meta.density;
    *said = detail_of(lost, LossKind::density);
    return back;
  };
  std::string said;
  BOOST_TEST(kept(300, 150, &said).y == 150);
  BOOST_TEST(said.empty());
  BOOST_TEST(kept(118 * 2.54, 118 * 2.54, &said).x == 118 * 2.54);
  BOOST_TEST(kept(299.9994, 299.9994, &said).x == 300);
  BOOST_TEST(said.empty());
  BOOST_TEST(kept(1.5, 1.5, &said).x == 2);
  BOOST_TEST(!said.empty());
  BOOST_TEST(!kept(1e6, 1e6, &said).known());
  BOOST_TEST(!said.empty());
  BOOST_TEST(!kept(0.1, 0.1, &said).known());
  BOOST_TEST(!said.empty());
}

BOOST_AUTO_TEST_CASE(comments) {
  const Image image = decoded({{kComment, "one"}, {kComment, "two\0\0"s}, {kComment, "caf\xE9"}, {kComment, ""}});
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"Comment", "one"}, {"Comment", "two"}, {"Comment", "caf\xC3\xA9"}};
  BOOST_TEST((image.meta.text == expected));
  BOOST_TEST(image.lost.empty());
  BOOST_TEST((decode(encoded(image.meta)).meta.text == expected));
  BOOST_TEST(decoded({{kComment, "a\0b"s}}).lost.has(LossKind::text));
  Metadata meta;
  meta.text = {{"Comment", std::string(65534, 'x')}};
  Losses lost;
  encoded(meta, &lost);
  BOOST_TEST(lost.has(LossKind::text));
}

BOOST_AUTO_TEST_CASE(profiles_come_in_pieces_of_any_order) {
  const Bytes profile = rgb_profile(srgb_primaries(), power_transfer(2));
  const std::string text = text_of(profile);
  const auto piece = [&](int number, int count, std::size_t at, std::size_t size) {
    return Segment{kApp2, "ICC_PROFILE\0"s + char(number) + char(count) + text.substr(at, size)};
  };
  const Segment first = piece(1, 3, 0, 100), second = piece(2, 3, 100, 50), third = piece(3, 3, 150, std::string::npos);
  const Image image = decoded({third, first, second});
  BOOST_TEST((image.meta.icc == profile));
  BOOST_TEST(image.lost.empty());
  const std::vector<std::vector<Segment>> broken = {{first, second},
                                                    {first, second, second, third},
                                                    {first, piece(2, 2, 100, 50), third},
                                                    {first, second, piece(4, 3, 150, std::string::npos)},
                                                    {first, second, piece(0, 3, 150, std::string::npos)},
                                                    {{kApp2, "ICC_PROFILE\0\1"s}},
                                                    {piece(0, 0, 0, std::string::npos)}};
  for (const auto& segments : broken) {
    const Image none = decoded(segments);
    BOOST_TEST(none.meta.icc.empty());
    BOOST_TEST(none.lost.has(LossKind::icc));
  }
}

BOOST_AUTO_TEST_CASE(iptc_is_kept) {
  for (const std::size_t size : {3, 4, 100000}) {
    Metadata meta;
    meta.iptc = bytes_of(iptc(size));
    Losses lost;
    const Bytes file = encoded(meta, &lost);
    BOOST_TEST(lost.empty());
    BOOST_TEST((decode(file).meta.iptc == meta.iptc));
  }
}

BOOST_AUTO_TEST_CASE(iptc_among_other_resources) {
  const std::string resources = jpeg_file::resource(1000, "odd", "name") +
                                jpeg_file::resource(0x0404, "wrong", "", "MeSa") +
                                jpeg_file::resource(0x0404, iptc(3)) + jpeg_file::resource(0x0425, "0123456789abcdef");
  for (std::size_t cut = 0; cut <= resources.size(); ++cut) {  // segments end anywhere
    const Image image = decoded({{kApp13, jpeg_file::photoshop + resources.substr(0, cut)},
                                 {kApp13, jpeg_file::photoshop + resources.substr(cut)}});
    BOOST_TEST(text_of(image.meta.iptc) == iptc(3));
    BOOST_TEST(image.lost.empty());
  }
  for (std::size_t size = 1; size < resources.size(); ++size) {
    const Image image = decoded({{kApp13, jpeg_file::photoshop + resources.substr(0, size)}});
    BOOST_TEST((image.meta.iptc.empty() || text_of(image.meta.iptc) == iptc(3)));
    BOOST_TEST((image.meta.iptc.empty() || size >= resources.size() / 2));
  }
  const std::string vast = "8BIM\x04\x04\0\0\xFF\xFF\xFF\xFF"s + iptc(3);
  BOOST_TEST(decoded({{kApp13, jpeg_file::photoshop + vast}}).lost.has(LossKind::extra));
}

BOOST_AUTO_TEST_CASE(other_resources_of_photoshop) {
  const auto image = [](int id, const std::string& data) {
    return decoded({{kApp13, jpeg_file::photoshop + jpeg_file::resource(id, data)}});
  };
  BOOST_TEST(detail_of(image(2000, "path").lost, LossKind::extra) == "clipping paths are left out");
  BOOST_TEST(image(2997, "path").lost.has(LossKind::extra));
  BOOST_TEST(image(2998, "name").lost.empty());
  BOOST_TEST(image(0x0409, "small").lost.has(LossKind::thumbnail));
  BOOST_TEST(image(0x040C, "small").lost.has(LossKind::thumbnail));
  const std::string resolution = "\x01\x2C\x80\0\0\1\0\1\0\x96\0\0\0\1\0\1"s;
  BOOST_TEST(image(0x03ED, resolution).meta.density.x == 300.5);
  BOOST_TEST(image(0x03ED, resolution).meta.density.y == 150);
  BOOST_TEST(!image(0x03ED, "short").meta.density.known());
}

BOOST_AUTO_TEST_CASE(small_copies_are_dropped_and_said) {
  BOOST_TEST(decoded({{kApp0, "JFXX\0\x10"s}}).lost.has(LossKind::thumbnail));
  BOOST_TEST(decoded({{kApp0, "JFIF\0\1\1\0\0\1\0\1\1\1abc"s}}).lost.has(LossKind::thumbnail));
  BOOST_TEST(decoded({{kApp0, "JFIF\0\1\1\0\0\1\0\1\0\0"s}}).lost.empty());
}

BOOST_AUTO_TEST_CASE(well_known_segments_are_said_and_others_are_not) {
  for (const Segment& known :
       {Segment{kApp1, "FLIR\0\1\0\0"s}, Segment{kApp2, "MPF\0MM"s}, Segment{kApp2, "FPXR\0"s},
        Segment{kApp2, "urn:iso:std:iso:ts:21496:-1\0"s}, Segment{0xEB, "JP\0\1"s}, Segment{0xEB, "HDR_RI ver=11"s}}) {
    const Image image = decoded({known, known});
    const std::string said = detail_of(image.lost, LossKind::extra);
    BOOST_TEST(said.find(" are left out") != std::string::npos);
    BOOST_TEST(said.find(',') == said.rfind(','), said);  // once
  }
  BOOST_TEST(decoded({{kApp1, "something"}, {kApp2, ""}, {0xEC, "Ducky\0\1\0\4"s}, {0xEE, "Adobe\0\x64\0\0\0\0\1"s}})
                 .lost.empty());
}

BOOST_AUTO_TEST_CASE(exif_goes_on_in_further_segments) {
  const std::string first = "II*\0\x08\0\0\0\0\0\0\0\0\0"s, rest = "more";
  const Image image = decoded({{kApp1, jpeg_file::exif + first}, {kApp1, jpeg_file::exif + rest}});
  BOOST_TEST(text_of(image.meta.exif) == first + rest);
  BOOST_TEST(image.lost.empty());
  const Image two = decoded({{kApp1, jpeg_file::exif + first}, {kApp1, jpeg_file::exif + first}});
  BOOST_TEST(text_of(two.meta.exif) == first);
  BOOST_TEST(two.lost.has(LossKind::exif));
  Metadata meta;
  meta.exif = bytes_of(first);
  meta.exif.resize(65533 - 6);
  Losses lost;
  BOOST_TEST((decode(encoded(meta, &lost)).meta.exif == meta.exif));
  BOOST_TEST(lost.empty());
  meta.exif.push_back(0);
  BOOST_TEST(decode(encoded(meta, &lost)).meta.exif.empty());
  BOOST_TEST(lost.has(LossKind::exif));
}

BOOST_AUTO_TEST_CASE(xmp_that_fits_stays_as_it_is) {
  std::string packet = jpeg_file::packet("dc:format='a'");
  packet.insert(packet.rfind("<?"), std::string(65533 - 29 - packet.size(), ' '));
  const Bytes file = encoded(with_xmp(packet));
  BOOST_TEST(text_of(decode(file).meta.xmp) == packet);
}

BOOST_AUTO_TEST_CASE(padding_gives_way_before_anything_else) {
  std::string packet = jpeg_file::packet("dc:format='a'", "<dc:title>b</dc:title><dc:rights> </dc:rights>");
  packet.insert(packet.rfind("<?"), std::string(65533, ' '));
  const Bytes file = encoded(with_xmp(packet));
  BOOST_TEST(jpeg_file::segments(file).size() < 8);
  const Image image = decode(file);
  BOOST_TEST((properties(image.meta.xmp) == properties(bytes_of(packet))));
  BOOST_TEST(text_of(image.meta.xmp).find("HasExtendedXMP") == std::string::npos);
  BOOST_TEST(text_of(image.meta.xmp).find("<dc:rights> </dc:rights>") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(larger_xmp_gets_an_extension) {
  const std::string large(90000, 'k'), larger(150000, 'l');
  std::string many;
  for (int i = 0; i < 3000; ++i)
    many += "<dc:p" + std::to_string(i) + ">" + std::string(40, 'm') + "</dc:p" + std::to_string(i) + ">";
  for (const std::string& packet :
       {jpeg_file::packet("dc:format='a' dc:source='" + large + "'", "<dc:title>b</dc:title>"),
        jpeg_file::packet("dc:format='a'", "<dc:title>b</dc:title><dc:source>" + larger + "</dc:source>"),
        jpeg_file::packet("xmlns:o='urn:o' o:format='&lt;&quot;&amp;'",
                          "<o:a xml:lang='x'>" + large + "</o:a><o:b>" + larger + "</o:b>"),
        jpeg_file::packet("dc:format='a'", many)}) {
    Losses lost;
    const Bytes file = encoded(with_xmp(packet), &lost);
    BOOST_TEST(lost.empty());
    const Image image = decode(file);
    BOOST_TEST(image.lost.empty());
    BOOST_TEST((properties(image.meta.xmp) == properties(bytes_of(packet))));
    BOOST_TEST(text_of(image.meta.xmp).find("xmpNote:") == std::string::npos);
    const Bytes again = encoded(image.meta);
    BOOST_TEST((properties(decode(again).meta.xmp) == properties(bytes_of(packet))));
    BOOST_TEST(decode(encode(decode(again), "jpeg")).meta.xmp.size() ==
               decode(again).meta.xmp.size());  // does not grow
  }
}

BOOST_AUTO_TEST_CASE(an_extension_is_named_by_its_md5) {
  const Bytes file = encoded(with_xmp(jpeg_file::packet("dc:source='" + std::string(70000, 'k') + "'")));
  std::string whole, guid;
  for (const Segment& segment : jpeg_file::segments(file))
    if (segment.data.find(jpeg_file::extended_xmp) == 0) {
      guid = segment.data.substr(jpeg_file::extended_xmp.size(), 32);
      whole += segment.data.substr(jpeg_file::extended_xmp.size() + 40);
    }
  BOOST_TEST(whole.size() > 70000);
  BOOST_TEST(guid == "0D835FBE429DB93834EF4539BD630285");  // as md5sum says of `whole`
}

BOOST_AUTO_TEST_CASE(an_extension_comes_in_any_order) {
  const std::string text = jpeg_file::packet("", "<dc:source>" + std::string(1000, 'x') + "</dc:source>");
  const std::multiset<std::string> expected = {"dc:format=image/jpeg", "dc:source=" + std::string(1000, 'x')};
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::vector<Segment> segments = extension(kGuid, text, 70 + seed);
    segments.push_back(packet_with_note());
    segments.push_back(segments[1]);  // once more
    segments.push_back(extension(std::string(32, 'F'), "of another file", 100)[0]);
    std::shuffle(segments.begin(), segments.end(), std::mt19937(seed));
    const Image image = decoded(segments);
    BOOST_TEST((properties(image.meta.xmp) == expected));
    BOOST_TEST(image.lost.empty());
  }
}

BOOST_AUTO_TEST_CASE(the_note_may_be_an_element_under_another_prefix) {
  const std::string text = jpeg_file::packet("dc:source='b'");
  for (const std::string& note :
       {"<xmpNote:HasExtendedXMP>" + kGuid + "</xmpNote:HasExtendedXMP>",
        "<n:HasExtendedXMP xmlns:n='http://ns.adobe.com/xmp/note/'>" + kGuid + "</n:HasExtendedXMP>"}) {
    std::vector<Segment> segments = extension(kGuid, text, 1000);
    segments.push_back({kApp1, jpeg_file::xmp + jpeg_file::packet("dc:format='a'", note)});
    const Image image = decoded(segments);
    BOOST_TEST((properties(image.meta.xmp) == std::multiset<std::string>{"dc:format=a", "dc:source=b"}));
    BOOST_TEST(image.lost.empty());
  }
}

BOOST_AUTO_TEST_CASE(namespaces_of_an_extension_are_those_of_its_own) {
  const auto text = [](const std::string& space) {
    return "<m xmlns='urn:none' xmlns:o='" + space +
           "'><r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
           "<r:Description o:p='b'/></r:RDF></m>";
  };
  std::vector<Segment> segments = extension(kGuid, text("urn:o"), 1000);
  segments.push_back(packet_with_note());
  const std::string joined = text_of(decoded(segments).meta.xmp);
  BOOST_TEST(joined.find("xmlns:o=\"urn:o\"") != std::string::npos);
  // The same prefix with two meanings.
  segments = extension(kGuid, text("urn:o"), 1000);
  segments.push_back(
      {kApp1, jpeg_file::xmp +
                  "<m xmlns:o='urn:other'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
                  "<rdf:Description xmlns:xmpNote='http://ns.adobe.com/xmp/note/' o:q='' xmpNote:HasExtendedXMP='" +
                  kGuid + "'/></rdf:RDF></m>"});
  BOOST_TEST(decoded(segments).lost.has(LossKind::xmp));
}

BOOST_AUTO_TEST_CASE(an_extension_that_is_not_whole_is_said) {
  const std::string text = jpeg_file::packet("dc:source='b'");
  const std::vector<Segment> sound = extension(kGuid, text, 100);
  std::vector<std::vector<Segment>> broken = {{},
                                              {sound[0]},
                                              {sound[1], sound[2]},
                                              extension(std::string(32, 'F'), text, 100),
                                              extension(kGuid, "no XML", 100),
                                              extension(kGuid, "<a/>", 100),
                                              {{kApp1, jpeg_file::extended_xmp + kGuid}},
                                              {{kApp1, jpeg_file::extended_xmp}}};
  for (const std::uint64_t size : {0ull, 1ull, 0x7FFFFFFFull, 0xFFFFFFFFull})
    for (const std::uint64_t at : {0ull, 1ull, 0x7FFFFFFFull, 0xFFFFFFFFull})
      broken.push_back(
          {{kApp1, jpeg_file::extended_xmp + kGuid + jpeg_file::number(size, 4) + jpeg_file::number(at, 4) + text}});
  for (auto& segments : broken) {
    segments.push_back(packet_with_note());
    const Image image = decoded(segments);
    BOOST_TEST((properties(image.meta.xmp) == std::multiset<std::string>{"dc:format=image/jpeg"}));
    BOOST_TEST(detail_of(image.lost, LossKind::xmp) == "the extension of XMP is damaged or missing, and is left out");
  }
  BOOST_TEST(decoded(sound).lost.has(LossKind::xmp));  // without a packet that names it
  std::vector<Segment> with_broken = sound;
  with_broken.push_back({kApp1, jpeg_file::xmp + "HasExtendedXMP, but no XML"});
  BOOST_TEST(decoded(with_broken).lost.has(LossKind::xmp));
}

BOOST_AUTO_TEST_CASE(large_xmp_that_cannot_be_divided_is_said) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "<a>";
  for (int i = 0; i < 100000; ++i) deep += "</a>";
  for (const std::string& packet : {std::string(70000, 'x'), "<a>" + std::string(70000, 'x') + "</a>",
                                    jpeg_file::packet("", "<dc:a>" + deep + "</dc:a>")}) {
    Losses lost;
    const Image image = decode(encoded(with_xmp(packet), &lost));
    BOOST_TEST(image.meta.xmp.empty());
    BOOST_TEST(lost.has(LossKind::xmp));
  }
}

BOOST_AUTO_TEST_SUITE_END()
