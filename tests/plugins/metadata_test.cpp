// SPDX-License-Identifier: Apache-2.0
#include <opencv2/core.hpp>

#include "support.hpp"

using namespace calotype;

namespace {

/// An RGB display profile as far as libpng checks: a header and one tag of 100 bytes that do not compress.
Bytes icc_profile() {
  Bytes profile(244, 0);
  const auto put = [&](std::size_t at, const std::string& text) { std::copy(text.begin(), text.end(), &profile[at]); };
  profile[3] = 244;
  profile[8] = 4;  // version
  put(12, "mntrRGB XYZ ");
  put(36, "acsp");
  put(68, std::string("\x00\x00\xF6\xD6\x00\x01\x00\x00\x00\x00\xD3\x2D", 12));  // the D50 illuminant
  profile[131] = 1;                                                              // tags
  put(132, "desc");
  profile[139] = 144;  // where
  profile[143] = 100;  // how long
  unsigned state = 1;
  for (std::size_t i = 144; i < profile.size(); ++i)
    profile[i] = static_cast<std::uint8_t>((state = state * 1103515245 + 12345) >> 16);
  return profile;
}

/// An empty little-endian TIFF directory.
Bytes exif_block() { return {'I', 'I', 42, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0}; }

Image picture_with_metadata() {
  Image image = picture({20, 10}, 3, CV_8U);
  image.meta.icc = icc_profile();
  image.meta.exif = exif_block();
  const std::string xmp = "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>";
  image.meta.xmp.assign(xmp.begin(), xmp.end());
  image.meta.text = {{"Comment", "caf\xC3\xA9"}};
  return image;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metadata)

BOOST_AUTO_TEST_CASE(survives_a_round_trip) {
  const Image original = picture_with_metadata();
  for (const std::string format : {"jpeg", "png", "webp"}) BOOST_TEST_CONTEXT(format) {
      const Metadata kept = decode(encode(original, format)).meta;
      BOOST_TEST((kept.icc == original.meta.icc));
      BOOST_TEST((kept.exif == original.meta.exif));
      BOOST_TEST((kept.xmp == original.meta.xmp));
      if (format != "webp") BOOST_TEST((kept.text == original.meta.text));
    }
}

BOOST_AUTO_TEST_CASE(webp_with_alpha_keeps_both) {
  Image original = picture({20, 10}, 4, CV_8U);
  original.meta = picture_with_metadata().meta;
  for (const std::string lossless : {"true", "false"}) {
    const Image kept = decode(encode(original, "webp", {{"lossless", lossless}}));
    BOOST_TEST(kept.pixels.channels() == 4);
    BOOST_TEST((kept.meta.exif == original.meta.exif));
  }
}

BOOST_AUTO_TEST_CASE(a_large_icc_profile_spans_jpeg_segments) {
  Image original = picture_with_metadata();
  original.meta.icc.resize(200000, 7);
  BOOST_TEST((decode(encode(original, "jpeg")).meta.icc == original.meta.icc));
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_left_out_and_said) {
  Image original = picture_with_metadata();
  original.meta.exif.resize(70000);
  std::string said;
  set_log_sink([&](LogLevel, const std::string& line) { said += line; });
  const Image decoded = decode(encode(original, "jpeg"));
  set_log_sink({});
  BOOST_TEST(decoded.meta.exif.empty());
  BOOST_TEST(said.find("EXIF") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
