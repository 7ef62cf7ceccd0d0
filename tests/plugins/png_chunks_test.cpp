// SPDX-License-Identifier: Apache-2.0
// What stands in PNG files beside the pixels.
#include <opencv2/core.hpp>

#include "png_file.hpp"
#include "support.hpp"

using namespace calotype;

namespace {

Bytes bytes_of(const std::string& text) { return Bytes(text.begin(), text.end()); }

Bytes joined(const std::string& head, const Bytes& tail) {
  Bytes all = bytes_of(head);
  all.insert(all.end(), tail.begin(), tail.end());
  return all;
}

Bytes numbers(const std::vector<std::uint32_t>& values) {
  Bytes bytes;
  for (const std::uint32_t value : values) append(bytes, value);
  return bytes;
}

Bytes plain(int channels = 3) { return encode(picture({9, 7}, channels, CV_8U), "png"); }

/// Orientation 6.
Bytes turned_exif() { return {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0}; }

/// "by: me", as data sets.
Bytes iptc() { return {0x1C, 2, 80, 0, 3, 'b', 'y', '!'}; }

Primaries display_p3() { return {{0.680, 0.320}, {0.265, 0.690}, {0.150, 0.060}, srgb_primaries().white}; }

/// cHRM, in the file's order.
Bytes chromaticities(const Primaries& p) {
  Bytes bytes;
  for (const cv::Point2d& at : {p.white, p.red, p.green, p.blue})
    for (const double value : {at.x, at.y}) append(bytes, static_cast<std::uint32_t>(std::lround(value * 100000)));
  return bytes;
}

Bytes profile_chunk(const Bytes& icc) { return joined(std::string("x\0\0", 3), deflated(icc)); }

/// A picture whose profile, or EXIF or what else, is kept as ImageMagick keeps it.
Bytes with_raw_profile(const Bytes& png, const std::string& kind, const Bytes& block) {
  std::string text = "\n" + kind + "\n  " + std::to_string(block.size());
  for (std::size_t i = 0; i < block.size(); ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    if (i % 36 == 0) text += '\n';
    text += kDigits[block[i] >> 4];
    text += kDigits[block[i] & 15];
  }
  return with_chunk(png, "zTXt", joined("Raw profile type " + kind + std::string("\0\0", 2), deflated(bytes_of(text))));
}

std::string lost(const Losses& losses, LossKind kind) {
  for (const Loss& loss : losses)
    if (loss.kind == kind) return loss.detail;
  return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(png)

BOOST_AUTO_TEST_CASE(grey_with_alpha_keeps_its_profile) {
  for (const int channels : {1, 2})
    for (const int depth : {CV_8U, CV_16U}) {
      Image image = picture({90, 70}, channels, depth);
      image.meta.icc = grey_profile(power_transfer(1.8));
      for (const RawParams& params : {RawParams(), RawParams{{"compression", "3"}}}) {
        const Image kept = decode(encode(image, "png", params));
        BOOST_REQUIRE(kept.pixels.type() == image.pixels.type());
        BOOST_TEST(cv::norm(kept.pixels, image.pixels, cv::NORM_INF) == 0);
        BOOST_TEST((kept.meta.icc == image.meta.icc));
        BOOST_TEST(kept.lost.empty());
      }
    }
}

BOOST_AUTO_TEST_CASE(coding_independent_code_points_become_a_profile) {
  const Primaries bt2020{{0.708, 0.292}, {0.170, 0.797}, {0.131, 0.046}, srgb_primaries().white};
  const auto profile = [](std::uint8_t primaries, std::uint8_t transfer, int channels = 3) {
    const Image image = decode(with_chunk(plain(channels), "cICP", {primaries, transfer, 0, 1}));
    BOOST_TEST(image.lost.empty());
    return image.meta.icc;
  };
  BOOST_TEST(profile(1, 13).empty());
  BOOST_TEST((profile(12, 13) == rgb_profile(display_p3(), srgb_transfer())));
  BOOST_TEST((profile(9, 14) == rgb_profile(bt2020, bt709_transfer())));
  BOOST_TEST((profile(1, 8) == rgb_profile(srgb_primaries(), power_transfer(1))));
  BOOST_TEST((profile(12, 4, 1) == grey_profile(power_transfer(2.2))));
  BOOST_TEST(profile(12, 13, 1).empty());
}

BOOST_AUTO_TEST_CASE(high_dynamic_range_and_video_are_refused) {
  for (const Bytes& cicp : {Bytes{9, 16, 0, 1}, Bytes{9, 18, 0, 1}, Bytes{1, 13, 1, 1}, Bytes{1, 13, 0, 0}}) {
    const Bytes file = with_chunk(plain(), "cICP", cicp);
    BOOST_TEST(code_of([&] { decode(file); }) == ErrorCode::unsupported);
    BOOST_TEST(probe(file).width == 9);
  }
}

BOOST_AUTO_TEST_CASE(unknown_code_points_are_said) {
  const Image image = decode(with_chunk(plain(), "cICP", {10, 10, 0, 1}));
  BOOST_TEST(lost(image.lost, LossKind::colour).find("10-10") != std::string::npos);
  BOOST_TEST(decode(with_chunk(plain(), "cICP", {2, 2, 0, 1})).lost.empty());
}

BOOST_AUTO_TEST_CASE(the_most_exact_word_on_colour_counts) {
  const Bytes p3 = rgb_profile(display_p3(), srgb_transfer()),
              linear = rgb_profile(srgb_primaries(), power_transfer(1));
  const auto profile = [](const Bytes& file) {
    const Image image = decode(file);
    BOOST_TEST(image.lost.empty());
    return image.meta.icc;
  };
  Bytes file = with_chunk(with_chunk(plain(), "gAMA", numbers({100000})), "cHRM", chromaticities(display_p3()));
  BOOST_TEST((profile(file) == rgb_profile(display_p3(), power_transfer(1))));
  file = with_chunk(file, "sRGB", {0});
  BOOST_TEST(profile(file).empty());
  file = with_chunk(file, "iCCP", profile_chunk(p3));
  BOOST_TEST((profile(file) == p3));
  file = with_chunk(file, "cICP", {1, 8, 0, 1});
  BOOST_TEST((profile(file) == linear));
}

BOOST_AUTO_TEST_CASE(gamma_and_primaries_become_a_profile_unless_they_are_those_of_srgb) {
  const auto profile = [](std::uint32_t gamma, const Primaries& primaries, int channels = 3) {
    const Bytes file = with_chunk(plain(channels), "gAMA", numbers({gamma}));
    return decode(with_chunk(file, "cHRM", chromaticities(primaries))).meta.icc;
  };
  const Primaries adobe{{0.64, 0.33}, {0.21, 0.71}, {0.15, 0.06}, srgb_primaries().white};
  BOOST_TEST(profile(45455, srgb_primaries()).empty());
  BOOST_TEST(profile(44000, srgb_primaries()).empty());
  BOOST_TEST((profile(45455, adobe) == rgb_profile(adobe, power_transfer(1 / 0.45455))));
  BOOST_TEST((profile(55556, srgb_primaries()) == rgb_profile(srgb_primaries(), power_transfer(1 / 0.55556))));
  BOOST_TEST((profile(100000, adobe, 1) == grey_profile(power_transfer(1))));
}

BOOST_AUTO_TEST_CASE(linear_light_is_shown_right) {
  Image image = picture({4, 4}, 3, CV_8U);
  image.pixels.setTo(cv::Scalar::all(55));
  Rules rules;
  rules.colours = Colours::srgb;
  const Image shown = decode(with_chunk(encode(image, "png"), "gAMA", numbers({100000})), "", {}, rules);
  BOOST_TEST(shown.meta.icc.empty());
  BOOST_TEST(std::abs(int(shown.pixels.at<cv::Vec3b>(1, 1)[1]) - 128) <= 1);  // 55 / 255 of the light
}

BOOST_AUTO_TEST_CASE(colours_that_make_no_sense_are_said) {
  for (const Bytes& file :
       {with_chunk(plain(), "gAMA", numbers({0})), with_chunk(plain(), "gAMA", numbers({4000000000})),
        with_chunk(plain(), "gAMA", {1}), with_chunk(plain(), "cHRM", Bytes(32))}) {
    const Image image = decode(file);
    BOOST_TEST(image.meta.icc.empty());
    BOOST_TEST(image.lost.has(LossKind::colour));
  }
}

BOOST_AUTO_TEST_CASE(a_broken_profile_is_said) {
  Bytes profile = profile_chunk(rgb_profile(display_p3(), srgb_transfer()));
  profile.resize(profile.size() - 20);
  const Bytes no_profile = profile_chunk(Bytes(200, 1));
  for (const Bytes& chunk : {profile, no_profile, Bytes{'x', 0}, Bytes{'x'}, Bytes{}}) {
    const Image image = decode(with_chunk(plain(), "iCCP", chunk));
    BOOST_TEST(image.meta.icc.empty());
    BOOST_TEST(image.lost.has(LossKind::icc));
  }
}

BOOST_AUTO_TEST_CASE(a_profile_that_cannot_be_written_is_said) {
  Image image = picture({5, 5}, 3, CV_8U);
  image.meta.icc = rgb_profile(display_p3(), srgb_transfer());
  image.meta.icc[3] ^= 1;  // its size is another
  Losses losses;
  const Bytes file = encode(image, "png", {}, {}, "picture", &losses);
  BOOST_TEST(losses.has(LossKind::icc));
  BOOST_TEST(decode(file).meta.icc.empty());
}

BOOST_AUTO_TEST_CASE(density_is_kept) {
  Image image = picture({5, 5}, 3, CV_8U);
  for (const Density density : {Density{300, 300}, Density{72, 96}, Density{299.5, 0.5}}) {
    image.meta.density = density;
    const Density kept = decode(encode(image, "png")).meta.density;
    BOOST_TEST(std::abs(kept.x - density.x) < 0.02);
    BOOST_TEST(std::abs(kept.y - density.y) < 0.02);
    if (density.x == 300) BOOST_TEST(kept.x == 300);  // 11811 in a metre are 299.9994
  }
  const Bytes square = joined("", numbers({1, 1})), wide = joined("", numbers({2, 1}));
  const auto without_unit = [](Bytes chunk) {
    chunk.push_back(0);
    return decode(with_chunk(plain(), "pHYs", chunk));
  };
  BOOST_TEST(!without_unit(square).meta.density.known());
  BOOST_TEST(without_unit(square).lost.empty());
  BOOST_TEST(without_unit(wide).lost.has(LossKind::density));
}

BOOST_AUTO_TEST_CASE(texts_of_all_kinds_are_read) {
  using namespace std::string_literals;
  Bytes file = with_chunk(plain(), "tEXt", bytes_of("Title\0caf\xE9"s), true);
  file = with_chunk(file, "zTXt", joined("Author\0\0"s, deflated(bytes_of("me \xFC"))), true);
  file = with_chunk(file, "iTXt", bytes_of("Comment\0\0\0en\0Bemerkung\0\xE2\x82\xAC"s), true);
  file = with_chunk(file, "iTXt", joined("Source\0\1\0\0\0"s, deflated(bytes_of("\xE2\x82\xAC 2"))), true);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"Title", "caf\xC3\xA9"}, {"Author", "me \xC3\xBC"}, {"Comment", "\xE2\x82\xAC"}, {"Source", "\xE2\x82\xAC 2"}};
  const Image image = decode(file);
  BOOST_TEST((image.meta.text == expected));
  BOOST_TEST(image.lost.empty());
  BOOST_TEST((decode(encode(image, "png")).meta.text == expected));
}

BOOST_AUTO_TEST_CASE(texts_that_cannot_be_read_are_said) {
  using namespace std::string_literals;
  for (const auto& [name, data] : {std::pair{"tEXt", "keyword"s},
                                   {"zTXt", "k\0\0nonsense"s},
                                   {"zTXt", "k\0"s},
                                   {"iTXt", "k\0\0\0en"s},
                                   {"iTXt", "k\0\1\1\0\0"s}})
    BOOST_TEST(decode(with_chunk(plain(), name, bytes_of(data))).lost.has(LossKind::text));
  const Image bomb = decode(with_chunk(plain(), "zTXt", joined("k\0\0"s, deflated(Bytes(70 << 20)))));
  BOOST_TEST(bomb.lost.has(LossKind::text));
  BOOST_TEST(bomb.meta.text.empty());
}

BOOST_AUTO_TEST_CASE(texts_that_cannot_be_written_are_said) {
  Image image = picture({5, 5}, 1, CV_8U);
  const std::pair<std::string, std::string> good{"Title", "yes"};
  for (const auto& bad : {std::pair<std::string, std::string>{"", "no"},
                          {std::string(80, 'k'), "no"},
                          {" k", "no"},
                          {"k", std::string("n\0o", 3)}}) {
    image.meta.text = {bad, good};
    Losses losses;
    const Bytes file = encode(image, "png", {}, {}, "picture", &losses);
    BOOST_TEST(losses.has(LossKind::text));
    const auto kept = decode(file).meta.text;
    BOOST_REQUIRE(kept.size() == 1);
    BOOST_TEST((kept[0] == good));
  }
}

BOOST_AUTO_TEST_CASE(xmp_may_be_of_any_size) {
  Image image = picture({5, 5}, 3, CV_8U);
  image.meta.xmp = bytes_of("<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + std::string(10 << 20, ' ') + "</x:xmpmeta>");
  const Image kept = decode(encode(image, "png"));
  BOOST_TEST((kept.meta.xmp == image.meta.xmp));
  BOOST_TEST(kept.lost.empty());
}

BOOST_AUTO_TEST_CASE(iptc_is_kept_as_exiftool_does) {
  Image image = picture({5, 5}, 3, CV_8U);
  for (const Bytes& data : {iptc(), Bytes(301, 0x1C)}) {
    image.meta.iptc = data;
    const Image kept = decode(encode(image, "png"));
    BOOST_TEST((kept.meta.iptc == data));
    BOOST_TEST(kept.meta.text.empty());
    BOOST_TEST(kept.lost.empty());
  }
}

BOOST_AUTO_TEST_CASE(metadata_in_hexadecimal_digits_is_read) {
  using namespace std::string_literals;
  const Bytes exif = turned_exif(), xmp = bytes_of("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>");
  const Bytes resource = joined("8BIM\4\4\0\0\0\0\0\x08"s, iptc());
  const Bytes name = joined("8BIM\4\4\3abc\0\0\0\x08"s, iptc());
  const auto meta = [](const std::string& kind, const Bytes& block) {
    const Image image = decode(with_raw_profile(plain(), kind, block));
    BOOST_TEST(image.lost.empty());
    BOOST_TEST(image.meta.text.empty());
    return image.meta;
  };
  for (const Bytes& block : {iptc(), resource, name}) BOOST_TEST((meta("iptc", block).iptc == iptc()));
  BOOST_TEST((meta("8bim", resource).iptc == iptc()));
  BOOST_TEST((meta("APP13", joined("Photoshop 3.0\0"s, resource)).iptc == iptc()));
  BOOST_TEST((meta("xmp", xmp).xmp == xmp));
  BOOST_TEST((meta("APP1", joined("http://ns.adobe.com/xap/1.0/\0"s, xmp)).xmp == xmp));
  for (const std::string kind : {"exif", "APP1"}) {
    const Bytes file = with_raw_profile(plain(), kind, joined("Exif\0\0"s, exif));
    BOOST_TEST(decode(file).meta.exif.size() == exif.size());
    BOOST_TEST(decode(file).pixels.cols == 7);  // and turned
    BOOST_TEST(probe(file).width == 7);
  }
  const Bytes icc = rgb_profile(display_p3(), srgb_transfer());
  BOOST_TEST((meta("icc", icc).icc == icc));
  BOOST_TEST((meta("icm", icc).icc == icc));
  BOOST_TEST(decode(with_chunk(with_raw_profile(plain(), "icc", icc), "sRGB", {0})).meta.icc.empty());
  BOOST_TEST(decode(with_raw_profile(plain(), "unheard of", icc)).meta.text.size() == 1);
}

BOOST_AUTO_TEST_CASE(clipping_paths_are_said) {
  using namespace std::string_literals;
  const Image image = decode(with_raw_profile(plain(), "8bim", bytes_of("8BIM\x07\xD0\0\0\0\0\0\2hm"s)));
  BOOST_TEST(image.lost.has(LossKind::extra));
}

BOOST_AUTO_TEST_CASE(orientation_is_known_before_the_pixels_even_where_it_stands_behind_them) {
  for (const bool behind : {false, true}) {
    const Bytes file = with_chunk(plain(), "eXIf", turned_exif(), behind);
    BOOST_TEST(probe(file).width == 7);
    BOOST_TEST(probe(file).orientation == 6);
    BOOST_TEST(decode(file).pixels.cols == 7);
  }
  BOOST_TEST(decode(with_chunk(plain(), "eXIf", bytes_of("nonsense"))).lost.has(LossKind::exif));
}

BOOST_AUTO_TEST_CASE(further_frames_are_said) {
  const Bytes control(26);
  Bytes file = with_chunk(with_chunk(plain(), "fcTL", control), "acTL", numbers({3, 0}));
  BOOST_TEST(decode(file).lost.empty());
  for (int i = 0; i < 2; ++i) file = with_chunk(with_chunk(file, "fcTL", control, true), "fdAT", Bytes(50), true);
  const Image image = decode(file);
  BOOST_TEST(lost(image.lost, LossKind::frames).find("2 further frames") != std::string::npos);
  BOOST_TEST(!image.lost.has(LossKind::extra));
}

BOOST_AUTO_TEST_CASE(bytes_behind_the_end_are_said_unless_they_are_nothing) {
  Bytes bytes = plain();
  bytes.resize(bytes.size() + 100);
  BOOST_TEST(decode(bytes).lost.empty());
  bytes.back() = 1;
  BOOST_TEST(lost(decode(bytes).lost, LossKind::extra).find("100 bytes") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(chunks_that_are_not_known_are_said_unless_nobody_would_miss_them) {
  Bytes bytes = plain();
  for (const char* name : {"tIME", "sBIT", "bKGD", "vpAg"}) bytes = with_chunk(bytes, name, {8, 8, 8}, true);
  BOOST_TEST(decode(bytes).lost.empty());
  for (const char* name : {"mkTS", "sCAL"}) bytes = with_chunk(bytes, name, {1, 2, 3}, true);
  BOOST_TEST(lost(decode(bytes).lost, LossKind::extra).find("mkTS, sCAL") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_damaged_chunk_is_left_out_where_it_is_asked_for) {
  Rules lenient;
  lenient.lenient = true;
  for (const auto& [name, kind] : {std::pair{"eXIf", LossKind::exif},
                                   {"iCCP", LossKind::icc},
                                   {"tEXt", LossKind::text},
                                   {"tRNS", LossKind::alpha},
                                   {"sCAL", LossKind::extra}})
    for (const bool behind : {false, true}) {
      Bytes file = with_chunk(plain(), name, Bytes(6, 1), behind);
      file[behind ? file.size() - kEnd - 1 : kBehindHeader + 17] ^= 1;  // the last byte of its checksum
      BOOST_TEST(code_of([&] { decode(file); }) == ErrorCode::corrupt);
      BOOST_TEST(probe(file).channels == 3);
      const Image image = decode(file, "", {}, lenient);
      BOOST_TEST(image.pixels.channels() == 3);
      BOOST_TEST(lost(image.lost, kind).find("damaged") != std::string::npos);
    }
}

BOOST_AUTO_TEST_SUITE_END()
