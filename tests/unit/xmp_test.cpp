// SPDX-License-Identifier: Apache-2.0
#include "../../lib/src/xmp.hpp"

#include <chrono>
#include <opencv2/core/types.hpp>

#include "support.hpp"

using namespace calotype;

namespace {

constexpr const char* kSpaces =
    "xmlns:tiff='http://ns.adobe.com/tiff/1.0/' xmlns:exif='http://ns.adobe.com/exif/1.0/' "
    "xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmlns:cam='http://ns.google.com/photos/1.0/camera/' "
    "xmlns:con='http://ns.google.com/photos/1.0/container/' xmlns:hdrgm='http://ns.adobe.com/hdr-gain-map/1.0/' "
    "xmlns:dc='http://purl.org/dc/elements/1.1/'";

std::string packet(const std::string& attributes, const std::string& elements = {}) {
  return "<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>\n<x:xmpmeta xmlns:x='adobe:ns:meta/'>\n<rdf:RDF "
         "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\n<rdf:Description rdf:about='' " +
         std::string(kSpaces) + " " + attributes + ">" + elements +
         "</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end='w'?>";
}

struct Result {
  std::string text;
  XmpChanges changes;
};

Result updated(const std::string& text, bool upright = true, std::optional<cv::Size> size = cv::Size(20, 10)) {
  Bytes bytes = bytes_of(text);
  Result result;
  result.changes = update_xmp(bytes, {upright, size});
  result.text.assign(bytes.begin(), bytes.end());
  return result;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(xmp)

BOOST_AUTO_TEST_CASE(what_does_not_depend_on_pixels_stays_to_the_byte) {
  for (const std::string& text :
       {std::string(), packet("dc:format='image/jpeg'", "<dc:title>\n a &lt; b </dc:title>"), std::string("no XML"),
        packet("tiff:Orientation='1' exif:PixelXDimension='20' tiff:ImageLength='10'")}) {
    const Result result = updated(text);
    BOOST_TEST(result.text == text);
    BOOST_TEST(!result.changes.changed);
    BOOST_TEST(!result.changes.broken);
  }
}

BOOST_AUTO_TEST_CASE(attributes_and_elements) {
  for (const std::string& text :
       {packet("tiff:Orientation='6' exif:PixelXDimension='10' exif:PixelYDimension='20' tiff:ImageWidth='10' "
               "tiff:ImageLength='20'"),
        packet("",
               "<tiff:Orientation>6</tiff:Orientation> <exif:PixelXDimension>10</exif:PixelXDimension> "
               "<exif:PixelYDimension>20</exif:PixelYDimension> <tiff:ImageWidth>10</tiff:ImageWidth> "
               "<tiff:ImageLength>20</tiff:ImageLength>")}) {
    const Result result = updated(text);
    BOOST_TEST(result.changes.changed);
    const bool elements = has(text, "<tiff:Orientation");
    for (const auto& [name, value] : {std::pair{"tiff:Orientation", "1"},
                                      {"exif:PixelXDimension", "20"},
                                      {"exif:PixelYDimension", "10"},
                                      {"tiff:ImageWidth", "20"},
                                      {"tiff:ImageLength", "10"}})
      BOOST_TEST(has(result.text, std::string(name) + (elements ? ">" : "=\"") + value), result.text);
    BOOST_TEST(has(result.text, "<?xpacket end='w'?>"));
    BOOST_TEST(has(updated(text, false).text, elements ? "Orientation>6" : "Orientation=\"6"));
  }
}

BOOST_AUTO_TEST_CASE(without_a_size_the_orientation_alone_changes) {
  const std::string text = packet("tiff:Orientation='6' exif:PixelXDimension='10' cam:MotionPhoto='1'",
                                  "<xmp:Thumbnails>old</xmp:Thumbnails>");
  const Result result = updated(text, true, {});
  BOOST_TEST(has(result.text, "Orientation=\"1\""));
  BOOST_TEST(has(result.text, "PixelXDimension=\"10\""));
  BOOST_TEST(has(result.text, "MotionPhoto=\"1\""));
  BOOST_TEST(has(result.text, "old"));
  BOOST_TEST(result.changes.claims.empty());
}

BOOST_AUTO_TEST_CASE(thumbnails_and_claims_go) {
  const Result result = updated(packet(
      "cam:MotionPhoto='1' cam:MotionPhotoVersion='1' cam:MicroVideoOffset='9' dc:format='kept' hdrgm:Version='1'",
      "<xmp:Thumbnails><rdf:Alt><rdf:li>old</rdf:li></rdf:Alt></xmp:Thumbnails><con:Directory><rdf:Seq>"
      "<rdf:li>gone</rdf:li></rdf:Seq></con:Directory><dc:title>kept too</dc:title>"));
  BOOST_TEST(result.changes.thumbnail);
  const std::vector<std::string> claims = {"a motion photo", "a gain map", "further pictures or films"};
  BOOST_TEST(result.changes.claims == claims, boost::test_tools::per_element());
  for (const char* gone : {"MotionPhoto", "MicroVideo", "hdrgm:", "old", "gone"})
    BOOST_TEST(!has(result.text, std::string(gone) + "="), gone);
  BOOST_TEST(!has(result.text, "old"));
  BOOST_TEST(!has(result.text, "gone"));
  BOOST_TEST(has(result.text, "kept too"));
  BOOST_TEST(has(result.text, "dc:format=\"kept\""));
}

BOOST_AUTO_TEST_CASE(namespaces_count_and_not_prefixes) {
  const std::string other =
      "<a:RDF xmlns:a='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
      "xmlns:tiff='urn:other' xmlns:t='http://ns.adobe.com/tiff/1.0/'>"
      "<a:Description tiff:Orientation='6' t:Orientation='6'>"
      "<e:PixelXDimension xmlns:e='http://ns.adobe.com/exif/1.0/'>7</e:PixelXDimension>"
      "<Orientation xmlns='http://ns.adobe.com/tiff/1.0/'>6</Orientation>"
      "<e:PixelYDimension>7</e:PixelYDimension></a:Description></a:RDF>";
  const std::string text = updated(other).text;
  BOOST_TEST(has(text, "tiff:Orientation=\"6\""));
  BOOST_TEST(has(text, " t:Orientation=\"1\""));
  BOOST_TEST(has(text, ">20</e:PixelXDimension>"));
  BOOST_TEST(has(text, ">1</Orientation>"));
  BOOST_TEST(has(text, "<e:PixelYDimension>7<"));  // the prefix means nothing here
}

BOOST_AUTO_TEST_CASE(other_pictures_that_are_told_of_are_left_alone) {
  const std::string ingredient =
      "<dc:source><rdf:Description tiff:Orientation='6'><xmp:Thumbnails>its "
      "own</xmp:Thumbnails></rdf:Description></dc:source>";
  const Result result = updated(packet("tiff:Orientation='8'", ingredient));
  BOOST_TEST(has(result.text, "tiff:Orientation=\"1\""));
  BOOST_TEST(has(result.text, "tiff:Orientation=\"6\""));
  BOOST_TEST(has(result.text, "its own"));
  BOOST_TEST(!result.changes.thumbnail);
}

BOOST_AUTO_TEST_CASE(wide_characters) {
  const std::string narrow =
      "<?xml version='1.0' encoding='UTF-16'?>" + packet("tiff:Orientation='6'", "<dc:title>caf\xE9</dc:title>");
  for (const bool big_endian : {false, true})
    for (const bool mark : {false, true}) {
      std::string wide = mark ? big_endian ? "\xFE\xFF" : "\xFF\xFE" : "";
      for (const char c : narrow) big_endian ? (wide += '\0') += c : (wide += c) += '\0';
      const Result result = updated(wide);
      BOOST_TEST(has(result.text, "tiff:Orientation=\"1\""));
      BOOST_TEST(has(result.text, "caf\xC3\xA9"));
      BOOST_TEST(!has(result.text, "UTF-16"));
    }
}

BOOST_AUTO_TEST_CASE(packets_end_in_zeros_at_times) {
  const Result result = updated(packet("tiff:Orientation='6'") + std::string(10, '\0'));
  BOOST_TEST(has(result.text, "tiff:Orientation=\"1\""));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_goes_where_it_may_tell_of_other_pixels) {
  std::string deep;
  for (int i = 0; i < 1000000; ++i) deep += "<con:a>";
  for (int i = 0; i < 1000000; ++i) deep += "</con:a>";
  for (const std::string& text : {std::string("tiff:Orientation='6'"), std::string("<a Orientation='6'>"),
                                  packet("tiff:Orientation='6'").substr(0, 500), packet("", deep),
                                  packet("", "<dc:container>" + deep + "</dc:container>"), "<container>" + deep}) {
    const Result result = updated(text);
    BOOST_TEST(result.changes.broken);
    BOOST_TEST(result.text.empty());
    BOOST_TEST(updated(text, true, {}).text == text);
  }
}

BOOST_AUTO_TEST_CASE(time_is_in_proportion_to_size) {
  std::string attributes, elements, spaces;
  for (int i = 0; i < 100000; ++i) attributes += "a" + std::to_string(i) + ":b='' ";
  for (int i = 0; i < 100000; ++i) elements += "<c:Orientation/>";
  for (int i = 0; i < 100000; ++i) spaces += "xmlns:s" + std::to_string(i) + "='urn:s' ";
  const auto start = std::chrono::steady_clock::now();
  updated(packet(spaces + attributes, elements));
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  BOOST_TEST(taken.count() < 60);  // a tenth of a second; in proportion to its square it would be minutes
}

BOOST_AUTO_TEST_SUITE_END()
