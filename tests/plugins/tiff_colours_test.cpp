// SPDX-License-Identifier: Apache-2.0
// What TIFF files may call colours. The files are made with libtiff.
#include <opencv2/core.hpp>

#include "calotype/colour.hpp"
#include "tiff_support.hpp"

using namespace calotype;

BOOST_FIXTURE_TEST_SUITE(tiff_colours, Quiet)

BOOST_AUTO_TEST_CASE(white_may_be_zero) {
  check_page(page_of(flat(CV_8UC1, 10), PHOTOMETRIC_MINISWHITE), flat(CV_8UC1, 245));
  check_page(page_of(flat(CV_16UC1, 10), PHOTOMETRIC_MINISWHITE), flat(CV_16UC1, 65525));
  check_page(page_of(flat(CV_32FC1, 0.25), PHOTOMETRIC_MINISWHITE), flat(CV_32FC1, 0.75));
  TiffPage with_alpha = page_of(flat(CV_8UC2, 10, 20), PHOTOMETRIC_MINISWHITE);
  with_alpha.extra = {EXTRASAMPLE_UNASSALPHA};
  check_page(with_alpha, flat(CV_8UC2, 245, 20));
}

BOOST_AUTO_TEST_CASE(palettes) {
  std::vector<std::uint16_t> red(256), green(256), blue(256);
  for (const int bits : {1, 2, 4, 8})
    for (const int kind : {0, 1, 2, 3}) BOOST_TEST_CONTEXT(bits << " bits, palette " << kind) {
        // Eight bits in the lower half, in the upper half, in both; sixteen bits.
        const auto entry = [&](int value) {
          return std::uint16_t(kind == 0 ? value : kind == 1 ? value << 8 : kind == 2 ? value * 257 : value * 257 ^ 1);
        };
        for (int i = 0; i < 1 << bits; ++i) {
          const std::size_t at = std::size_t(i);
          red[at] = entry(255 - i);
          green[at] = entry(i);
          blue[at] = entry(i / 2);
        }
        TiffPage page = page_of(pattern(kPage, CV_8UC1, bits), PHOTOMETRIC_PALETTE);
        page.bits = bits;
        page.more = [&](TIFF* tiff) { set_palette(tiff, red, green, blue); };
        cv::Mat expected(kPage, kind == 3 ? CV_16UC3 : CV_8UC3);
        for (int y = 0; y < kPage.height; ++y)
          for (int x = 0; x < kPage.width; ++x) {
            const int i = page.samples.at<uchar>(y, x);
            if (kind == 3)
              expected.at<cv::Vec3w>(y, x) = {blue[std::size_t(i)], green[std::size_t(i)], red[std::size_t(i)]};
            else
              expected.at<cv::Vec3b>(y, x) = cv::Vec3b(uchar(i / 2), uchar(i), uchar(255 - i));
          }
        check_page(page, expected);
      }
  TiffPage with_alpha = page_of(flat(CV_8UC2, 1, 2), PHOTOMETRIC_PALETTE);
  with_alpha.bits = 2;
  with_alpha.extra = {EXTRASAMPLE_UNASSALPHA};
  with_alpha.more = [&](TIFF* tiff) { set_palette(tiff, {0, 65535, 0, 0}, {0, 257, 0, 0}, {0, 514, 0, 0}); };
  check_page(with_alpha, flat(CV_8UC4, 2, 1, 255, 170));
  with_alpha.extra = {EXTRASAMPLE_ASSOCALPHA};  // of the colours, not of the indices
  check_page(with_alpha, flat(CV_8UC4, 3, 2, 255, 170));
}

BOOST_AUTO_TEST_CASE(inks_become_rgb) {
  Losses lost;
  for (const int depth : {CV_8U, CV_16U}) {
    TiffPage page = page_of(pattern(kPage, CV_MAKETYPE(depth, 4), depth == CV_8U ? 8 : 16), PHOTOMETRIC_SEPARATED);
    const cv::Mat expected = bgr_from_cmyk(page.samples, {}, lost);
    page.more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_ICCPROFILE, 4, "CMYK"); };  // which is none
    const Image image = decoded(tiff_of({page}));
    BOOST_TEST(equal(image.pixels, expected));
    BOOST_TEST(image.lost.has(LossKind::colour));
    BOOST_TEST(!image.lost.has(LossKind::icc));
    BOOST_TEST(image.meta.icc.empty());
  }
  TiffPage page = page_of(pattern(kPage, CV_8UC(5), 8), PHOTOMETRIC_SEPARATED);
  const cv::Mat inks = taken(page.samples, {0, 1, 2, 3}), bgr = bgr_from_cmyk(inks, {}, lost);
  page.extra = {EXTRASAMPLE_UNASSALPHA};
  cv::Mat expected;
  cv::merge(std::vector<cv::Mat>{bgr, taken(page.samples, {4})}, expected);
  check_page(page, expected);
  page.extra = {EXTRASAMPLE_UNSPECIFIED};  // a spot colour
  const Image image = decoded(tiff_of({page}));
  BOOST_TEST(equal(image.pixels, bgr));
  BOOST_TEST(detail_of(image.lost, LossKind::extra) == "1 more channel is left out");
  page.more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_INKSET, INKSET_MULTIINK); };
  BOOST_TEST(code_of([&] { decode(tiff_of({page})); }) == ErrorCode::unsupported);
}

BOOST_AUTO_TEST_CASE(lab_becomes_srgb) {
  // Of D50: white, grey of L* 50, and the red of sRGB.
  struct Case {
    double l, a, b;
    int blue, green, red;
  };
  for (const Case& c :
       {Case{100, 0, 0, 255, 255, 255}, Case{50, 0, 0, 119, 119, 119}, Case{54.3, 80.8, 69.9, 0, 0, 255}})
    for (const bool offset : {false, true})
      for (const bool deep : {false, true})
        BOOST_TEST_CONTEXT(c.l << (offset ? ", offset" : "") << (deep ? ", deep" : "")) {
          const double fraction = deep ? 256 : 1, white = deep ? (offset ? 65280 : 65535) : 255;
          const auto stored = [&](double value) {
            const int whole = int(std::lround(value * fraction)) + (offset ? int(128 * fraction) : 0);
            return double(whole & (deep ? 0xFFFF : 0xFF));
          };
          const int type = deep ? CV_16UC3 : CV_8UC3;
          const cv::Mat samples = flat(type, std::round(c.l / 100 * white), stored(c.a), stored(c.b));
          const Image image = decoded(tiff_of({page_of(samples, offset ? PHOTOMETRIC_ICCLAB : PHOTOMETRIC_CIELAB)}));
          BOOST_REQUIRE(image.pixels.type() == type);
          const double scale = deep ? 257 : 1;
          BOOST_TEST(cv::norm(image.pixels, flat(type, c.blue * scale, c.green * scale, c.red * scale), cv::NORM_INF) <=
                     2.5 * scale);
          BOOST_TEST(detail_of(image.lost, LossKind::colour) == "L*a*b* was converted to sRGB");
        }
}

BOOST_AUTO_TEST_CASE(luma_and_chroma_become_rgb) {
  const auto close = [](const TiffPage& page, const cv::Vec3b& bgr, double tolerance) {
    const Image image = decoded(tiff_of({page}));
    BOOST_REQUIRE(image.pixels.type() == CV_8UC3);
    BOOST_TEST(cv::norm(image.pixels, flat(CV_8UC3, bgr[0], bgr[1], bgr[2]), cv::NORM_INF) <= tolerance);
    BOOST_TEST(image.lost.empty());
  };
  TiffPage page = page_of(flat(CV_8UC3, 76, 85, 255), PHOTOMETRIC_YCBCR);  // red
  page.more = [](TIFF* tiff) {
    const float range[] = {0, 255, 128, 255, 128, 255};
    TIFFSetField(tiff, TIFFTAG_YCBCRSUBSAMPLING, 1, 1);
    TIFFSetField(tiff, TIFFTAG_REFERENCEBLACKWHITE, range);
  };
  close(page, {0, 0, 254}, 2);
  page.compression = COMPRESSION_LZW;
  close(page, {0, 0, 254}, 2);
  page.samples = flat(CV_8UC3, 200, 100, 50);  // RGB, which libtiff converts
  page.compression = COMPRESSION_JPEG;
  for (const int step : {1, 2})
    for (const bool tiled : {false, true}) {
      page.rows_per_strip = 16;
      page.tiled = tiled;
      page.more = [=](TIFF* tiff) {
        TIFFSetField(tiff, TIFFTAG_JPEGQUALITY, 100);
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        TIFFSetField(tiff, TIFFTAG_YCBCRSUBSAMPLING, step, step);
      };
      if (!tiled) close(page, {50, 100, 200}, 3);
    }
}

BOOST_AUTO_TEST_CASE(logarithms_become_linear_light) {
  TiffPage page = page_of(flat(CV_32FC3, 0.5, 0.5, 0.5), PHOTOMETRIC_LOGLUV);
  page.more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_SGILOGDATAFMT, SGILOGDATAFMT_FLOAT); };
  for (const int scheme : {COMPRESSION_SGILOG, COMPRESSION_SGILOG24}) {
    page.compression = std::uint16_t(scheme);
    const Image image = decoded(tiff_of({page}));
    BOOST_REQUIRE(image.pixels.type() == CV_32FC3);
    BOOST_TEST(cv::norm(image.pixels, flat(CV_32FC3, 0.5, 0.5, 0.5), cv::NORM_INF) < 0.04);  // of 14 bits for chroma
    BOOST_TEST((colour_space(image.meta.icc) == ColourSpace::rgb));
  }
  page = page_of(flat(CV_32FC1, 0.5), PHOTOMETRIC_LOGL);
  page.compression = COMPRESSION_SGILOG;
  page.more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_SGILOGDATAFMT, SGILOGDATAFMT_FLOAT); };
  const Image image = decoded(tiff_of({page}));
  BOOST_REQUIRE(image.pixels.type() == CV_32FC1);
  BOOST_TEST(cv::norm(image.pixels, flat(CV_32FC1, 0.5), cv::NORM_INF) < 0.005);
  BOOST_TEST((colour_space(image.meta.icc) == ColourSpace::grey));
}

BOOST_AUTO_TEST_CASE(what_is_not_read_says_so) {
  const auto refused = [](TiffPage page, std::function<void(TIFF*)> more) {
    page.more = std::move(more);
    BOOST_TEST(code_of([&] { probe(tiff_of({page})); }) == ErrorCode::unsupported);
  };
  const TiffPage grey = page_of(flat(CV_8UC1, 1)), colour = page_of(flat(CV_8UC3, 1, 2, 3), PHOTOMETRIC_RGB);
  refused(grey, [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_INT); });
  refused(page_of(flat(CV_32FC1, 1)),
          [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_COMPLEXINT); });
  refused(grey, [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_CFA); });
  refused(colour, [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_ITULAB); });
  TiffPage small = page_of(flat(CV_8UC1, 1));
  small.more = [](TIFF* tiff) {
    const toff_t none[] = {0};
    TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE);
    TIFFSetField(tiff, TIFFTAG_SUBIFD, 1, none);
  };
  TiffPage sub = grey;
  BOOST_TEST(code_of([&] { probe(tiff_of({small, sub})); }) == ErrorCode::unsupported);
}

BOOST_AUTO_TEST_SUITE_END()
