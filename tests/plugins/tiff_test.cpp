// SPDX-License-Identifier: Apache-2.0
// Pixels of TIFF files, bit for bit. The files are made with libtiff.
#include <opencv2/core.hpp>

#include "calotype/colour.hpp"
#include "support.hpp"
#include "tiff_files.hpp"

using namespace calotype;

namespace {

const cv::Size kSize(21, 18);

TiffPage page_of(const cv::Mat& samples, int photometric = PHOTOMETRIC_MINISBLACK) {
  TiffPage page;
  page.samples = samples;
  page.photometric = std::uint16_t(photometric);
  return page;
}

bool equal(const cv::Mat& a, const cv::Mat& b) {
  return a.type() == b.type() && a.size() == b.size() && cv::norm(a, b, cv::NORM_INF) == 0;
}

/// Decodes, and checks that the header says as much.
Image decoded(const Bytes& bytes, const RawParams& params = {}) {
  ImageInfo info;
  const Image image = decode(bytes, "", params, {}, "memory", &info);
  BOOST_TEST(info.channels == image.pixels.channels());
  BOOST_TEST(info.bit_depth == int(8 * image.pixels.elemSize1()));
  BOOST_TEST(info.width == image.pixels.cols);
  BOOST_TEST(info.height == image.pixels.rows);
  return image;
}

void check(const TiffPage& page, const cv::Mat& expected, const std::string& mode = "l") {
  BOOST_TEST(equal(decoded(tiff_of({page}, mode)).pixels, expected));
}

/// In another order of channels, some of them left out.
cv::Mat taken(const cv::Mat& samples, const std::vector<int>& channels) {
  cv::Mat result(samples.size(), CV_MAKETYPE(samples.depth(), int(channels.size())));
  std::vector<int> pairs;
  for (std::size_t i = 0; i < channels.size(); ++i) pairs.insert(pairs.end(), {channels[i], int(i)});
  cv::mixChannels(std::vector<cv::Mat>{samples}, std::vector<cv::Mat>{result}, pairs);
  return result;
}

/// A picture that is the same everywhere.
template <class... T>
cv::Mat flat(int type, T... values) {
  return cv::Mat(kSize, type, cv::Scalar(double(values)...));
}

std::string said(const Image& image, LossKind kind) {
  for (const Loss& loss : image.lost)
    if (loss.kind == kind) return loss.detail;
  return {};
}

const char* const kModes[] = {"l", "b", "8l", "8b"};

}  // namespace

BOOST_AUTO_TEST_SUITE(tiff_pixels)

BOOST_AUTO_TEST_CASE(whole_numbers_of_any_width_fill_the_range) {
  for (const int bits : {1, 2, 3, 4, 7, 8, 10, 12, 14, 16, 17, 24, 32}) {
    const int type = bits <= 8 ? CV_8U : bits <= 16 ? CV_16U : CV_32S;
    TiffPage page = page_of(pattern(kSize, type, bits));
    page.bits = bits;
    page.samples.ptr<std::uint8_t>()[0] = 0;  // something that is not exact in fewer bits
    const double full = bits <= 8 ? 255 : 65535, most = std::pow(2, bits) - 1;
    cv::Mat expected(kSize, bits <= 8 ? CV_8U : CV_16U);
    for (int y = 0; y < kSize.height; ++y)
      for (int x = 0; x < kSize.width; ++x) {
        std::uint32_t value = 0;
        std::memcpy(&value, page.samples.ptr(y, x), page.samples.elemSize());
        const double scaled = std::floor(value * full / most + 0.5);
        bits <= 8 ? expected.at<uchar>(y, x) = uchar(scaled) : expected.at<ushort>(y, x) = ushort(scaled);
      }
    for (const char* mode : kModes)
      for (const bool tiled : {false, true})
        BOOST_TEST_CONTEXT(bits << " bits, mode " << mode << (tiled ? ", tiles" : "")) {
          page.tiled = tiled;
          const Image image = decoded(tiff_of({page}, mode));
          BOOST_TEST(equal(image.pixels, expected));
          BOOST_TEST(image.lost.has(LossKind::depth) == (bits > 16));
        }
  }
}

BOOST_AUTO_TEST_CASE(what_fits_fewer_bits_exactly_is_no_loss) {
  cv::Mat samples(kSize, CV_32S);
  for (int i = 0; i < int(samples.total()); ++i)
    samples.at<int>(i / kSize.width, i % kSize.width) = int(std::uint32_t(i * 100) * 65537u);
  const Image image = decoded(tiff_of({page_of(samples)}));
  BOOST_TEST(image.lost.empty());
  BOOST_TEST(image.pixels.at<ushort>(0, 20) == 2000);
}

BOOST_AUTO_TEST_CASE(colours_in_every_arrangement) {
  for (const int type :
       {CV_8UC1, CV_8UC2, CV_8UC3, CV_8UC4, CV_16UC1, CV_16UC2, CV_16UC3, CV_16UC4, CV_32FC3, CV_32FC4}) {
    const int channels = CV_MAT_CN(type);
    TiffPage page = page_of(pattern(kSize, type, CV_MAT_DEPTH(type) == CV_8U ? 8 : 16),
                            channels > 2 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
    if (channels == 2 || channels == 4) page.extra = {EXTRASAMPLE_UNASSALPHA};
    const cv::Mat expected = channels < 3    ? page.samples
                             : channels == 3 ? taken(page.samples, {2, 1, 0})
                                             : taken(page.samples, {2, 1, 0, 3});
    for (const int scheme : {COMPRESSION_NONE, COMPRESSION_PACKBITS, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE,
                             COMPRESSION_ZSTD, COMPRESSION_LZMA})
      for (const int layout : {0, 1, 2, 3})
        for (const char* mode : kModes)
          BOOST_TEST_CONTEXT("type " << type << " scheme " << scheme << " layout " << layout << " " << mode) {
            if (!TIFFIsCODECConfigured(std::uint16_t(scheme))) continue;
            page.compression = std::uint16_t(scheme);
            page.tiled = layout & 1;
            page.planar = layout & 2;
            check(page, expected, mode);
          }
  }
}

BOOST_AUTO_TEST_CASE(one_strip_may_hold_everything) {
  TiffPage page = page_of(pattern(kSize, CV_8UC3, 8), PHOTOMETRIC_RGB);
  page.rows_per_strip = -1;  // the largest number there is
  for (const int scheme : {COMPRESSION_NONE, COMPRESSION_LZW}) {
    page.compression = std::uint16_t(scheme);
    check(page, taken(page.samples, {2, 1, 0}));
  }
}

BOOST_AUTO_TEST_CASE(predictors_and_fax) {
  for (const int type : {CV_8UC3, CV_16UC3, CV_32FC3}) {
    TiffPage page = page_of(pattern(kSize, type, CV_MAT_DEPTH(type) == CV_8U ? 8 : 16), PHOTOMETRIC_RGB);
    page.compression = COMPRESSION_LZW;
    const int kind = CV_MAT_DEPTH(type) == CV_32F ? PREDICTOR_FLOATINGPOINT : PREDICTOR_HORIZONTAL;
    page.more = [=](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_PREDICTOR, kind); };
    check(page, taken(page.samples, {2, 1, 0}));
    if (kind == PREDICTOR_HORIZONTAL) check(page, taken(page.samples, {2, 1, 0}), "b");  // libtiff 4.5 writes no others
  }
  for (const int scheme : {COMPRESSION_NONE, COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4})
    for (const int order : {FILLORDER_MSB2LSB, FILLORDER_LSB2MSB}) {
      TiffPage page = page_of(pattern(kSize, CV_8UC1, 1), PHOTOMETRIC_MINISWHITE);
      page.bits = 1;
      page.compression = std::uint16_t(scheme);
      page.more = [=](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_FILLORDER, order); };
      cv::Mat expected;
      cv::bitwise_not(page.samples * 255, expected);
      // libtiff writes what is not compressed as it is given.
      if (scheme != COMPRESSION_NONE || order == FILLORDER_MSB2LSB) check(page, expected);
    }
}

BOOST_AUTO_TEST_CASE(white_may_be_zero) {
  check(page_of(flat(CV_8UC1, 10), PHOTOMETRIC_MINISWHITE), flat(CV_8UC1, 245));
  check(page_of(flat(CV_16UC1, 10), PHOTOMETRIC_MINISWHITE), flat(CV_16UC1, 65525));
  check(page_of(flat(CV_32FC1, 0.25), PHOTOMETRIC_MINISWHITE), flat(CV_32FC1, 0.75));
  TiffPage with_alpha = page_of(flat(CV_8UC2, 10, 20), PHOTOMETRIC_MINISWHITE);
  with_alpha.extra = {EXTRASAMPLE_UNASSALPHA};
  check(with_alpha, flat(CV_8UC2, 245, 20));
}

BOOST_AUTO_TEST_CASE(floats_of_three_widths) {
  cv::Mat half, back;
  pattern(kSize, CV_32FC3, 16).convertTo(half, CV_16F);
  half.convertTo(back, CV_32F);
  for (const char* mode : kModes) check(page_of(half, PHOTOMETRIC_RGB), taken(back, {2, 1, 0}), mode);
  back.convertTo(back, CV_64F);
  Image image = decoded(tiff_of({page_of(back, PHOTOMETRIC_RGB)}, "b"));
  back.convertTo(back, CV_32F);
  BOOST_TEST(equal(image.pixels, taken(back, {2, 1, 0})));
  BOOST_TEST(image.lost.empty());
  image = decoded(tiff_of({page_of(flat(CV_64FC1, 0.1))}));
  BOOST_TEST(equal(image.pixels, flat(CV_32FC1, 0.1)));
  BOOST_TEST(said(image, LossKind::depth) == "samples of 64 bits are reduced to 32");
}

BOOST_AUTO_TEST_CASE(floats_have_a_white) {
  const Bytes file = tiff_of({page_of(flat(CV_32FC1, 255))});
  BOOST_TEST(said(decode(file), LossKind::pixels).find("-p white=255") != std::string::npos);
  const Image image = decoded(file, {{"white", "255"}});
  BOOST_TEST(equal(image.pixels, flat(CV_32FC1, 1)));
  BOOST_TEST(image.lost.empty());
  cv::Mat broken = flat(CV_32FC1, 0.5);
  broken.at<float>(3, 4) = std::numeric_limits<float>::quiet_NaN();
  const Image cleaned = decoded(tiff_of({page_of(broken)}));
  broken.at<float>(3, 4) = 0;
  BOOST_TEST(equal(cleaned.pixels, broken));
  BOOST_TEST(cleaned.lost.has(LossKind::pixels));
  check(page_of(flat(CV_8UC1, 7)), flat(CV_8UC1, 7));
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
        TiffPage page = page_of(pattern(kSize, CV_8UC1, bits), PHOTOMETRIC_PALETTE);
        page.bits = bits;
        page.more = [&](TIFF* tiff) { set_palette(tiff, red, green, blue); };
        cv::Mat expected(kSize, kind == 3 ? CV_16UC3 : CV_8UC3);
        for (int y = 0; y < kSize.height; ++y)
          for (int x = 0; x < kSize.width; ++x) {
            const int i = page.samples.at<uchar>(y, x);
            if (kind == 3)
              expected.at<cv::Vec3w>(y, x) = {blue[std::size_t(i)], green[std::size_t(i)], red[std::size_t(i)]};
            else
              expected.at<cv::Vec3b>(y, x) = cv::Vec3b(uchar(i / 2), uchar(i), uchar(255 - i));
          }
        check(page, expected);
      }
  TiffPage with_alpha = page_of(flat(CV_8UC2, 1, 2), PHOTOMETRIC_PALETTE);
  with_alpha.bits = 2;
  with_alpha.extra = {EXTRASAMPLE_UNASSALPHA};
  with_alpha.more = [&](TIFF* tiff) { set_palette(tiff, {0, 65535, 0, 0}, {0, 257, 0, 0}, {0, 514, 0, 0}); };
  check(with_alpha, flat(CV_8UC4, 2, 1, 255, 170));
}

BOOST_AUTO_TEST_CASE(alpha_is_taken_out_of_colours_exactly) {
  cv::Mat samples(1, 4, CV_8UC4), expected(1, 4, CV_8UC4);
  const int stored[4][4] = {{100, 50, 1, 200}, {3, 2, 1, 7}, {9, 8, 7, 0}, {255, 0, 10, 255}};
  const int straight[4][4] = {{128, 64, 1, 200}, {109, 73, 36, 7}, {9, 8, 7, 0}, {255, 0, 10, 255}};
  for (int x = 0; x < 4; ++x) {
    samples.at<cv::Vec4b>(0, x) =
        cv::Vec4b(uchar(stored[x][0]), uchar(stored[x][1]), uchar(stored[x][2]), uchar(stored[x][3]));
    expected.at<cv::Vec4b>(0, x) =
        cv::Vec4b(uchar(straight[x][2]), uchar(straight[x][1]), uchar(straight[x][0]), uchar(straight[x][3]));
  }
  TiffPage page = page_of(samples, PHOTOMETRIC_RGB);
  page.extra = {EXTRASAMPLE_ASSOCALPHA};
  check(page, expected);
  page.extra = {EXTRASAMPLE_UNASSALPHA};
  check(page, taken(samples, {2, 1, 0, 3}));
  TiffPage deep = page_of(flat(CV_16UC2, 1000, 30000));
  deep.extra = {EXTRASAMPLE_ASSOCALPHA};
  check(deep, flat(CV_16UC2, 2185, 30000));  // 2184.5
  TiffPage real = page_of(flat(CV_32FC2, 0.25, 0.5));
  real.extra = {EXTRASAMPLE_ASSOCALPHA};
  check(real, flat(CV_32FC2, 0.5, 0.5));
}

BOOST_AUTO_TEST_CASE(one_unspecified_sample_is_alpha) {
  for (const bool named : {true, false}) {
    TiffPage colour = page_of(flat(CV_8UC4, 10, 20, 30, 40), PHOTOMETRIC_RGB), grey = page_of(flat(CV_8UC2, 10, 40));
    if (named) colour.extra = grey.extra = {EXTRASAMPLE_UNSPECIFIED};
    check(colour, flat(CV_8UC4, 30, 20, 10, 40));
    check(grey, flat(CV_8UC2, 10, 40));
    // Unless nothing at all would be seen.
    colour.samples = flat(CV_8UC4, 10, 20, 30, 0);
    grey.samples = flat(CV_16UC2, 10, 0);
    check(colour, flat(CV_8UC4, 30, 20, 10, 255));
    check(grey, flat(CV_16UC2, 10, 65535));
  }
}

BOOST_AUTO_TEST_CASE(further_samples_are_left_out_and_said) {
  TiffPage page = page_of(pattern(kSize, CV_8UC(6), 8), PHOTOMETRIC_RGB);
  page.extra = {EXTRASAMPLE_UNSPECIFIED, EXTRASAMPLE_UNASSALPHA, EXTRASAMPLE_UNSPECIFIED};
  for (const bool planar : {false, true}) {
    page.planar = planar;
    const Image image = decoded(tiff_of({page}));
    BOOST_TEST(equal(image.pixels, taken(page.samples, {2, 1, 0, 4})));
    BOOST_TEST(said(image, LossKind::extra) == "2 more channels are left out");
  }
  page.samples = pattern(kSize, CV_16UC(40), 16);
  page.photometric = PHOTOMETRIC_MINISBLACK;
  page.extra = std::vector<std::uint16_t>(39, EXTRASAMPLE_UNSPECIFIED);
  const Image image = decoded(tiff_of({page}));
  BOOST_TEST(equal(image.pixels, taken(page.samples, {0})));
  BOOST_TEST(said(image, LossKind::extra) == "39 more channels are left out");
}

BOOST_AUTO_TEST_CASE(inks_become_rgb) {
  Losses lost;
  for (const int depth : {CV_8U, CV_16U}) {
    TiffPage page = page_of(pattern(kSize, CV_MAKETYPE(depth, 4), depth == CV_8U ? 8 : 16), PHOTOMETRIC_SEPARATED);
    const cv::Mat expected = bgr_from_cmyk(page.samples, {}, lost);
    page.more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_ICCPROFILE, 4, "CMYK"); };  // which is none
    const Image image = decoded(tiff_of({page}));
    BOOST_TEST(equal(image.pixels, expected));
    BOOST_TEST(image.lost.has(LossKind::colour));
    BOOST_TEST(!image.lost.has(LossKind::icc));
    BOOST_TEST(image.meta.icc.empty());
  }
  TiffPage page = page_of(pattern(kSize, CV_8UC(5), 8), PHOTOMETRIC_SEPARATED);
  const cv::Mat inks = taken(page.samples, {0, 1, 2, 3}), bgr = bgr_from_cmyk(inks, {}, lost);
  page.extra = {EXTRASAMPLE_UNASSALPHA};
  cv::Mat expected;
  cv::merge(std::vector<cv::Mat>{bgr, taken(page.samples, {4})}, expected);
  check(page, expected);
  page.extra = {EXTRASAMPLE_UNSPECIFIED};  // a spot colour
  const Image image = decoded(tiff_of({page}));
  BOOST_TEST(equal(image.pixels, bgr));
  BOOST_TEST(said(image, LossKind::extra) == "1 more channel is left out");
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
          BOOST_TEST(said(image, LossKind::colour) == "L*a*b* was converted to sRGB");
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

BOOST_AUTO_TEST_CASE(pages) {
  std::vector<TiffPage> all;
  for (int i = 0; i < 5; ++i) all.push_back(page_of(flat(CV_8UC1, 10 * i)));
  all[0].more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE); };
  all[2].more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_MASK); };
  all[3].samples = pattern({40, 50}, CV_16UC1, 16);
  all[3].more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_PAGE); };
  const Bytes file = tiff_of(all, "8b");
  Image image = decoded(file);
  BOOST_TEST(equal(image.pixels, all[1].samples));
  BOOST_TEST(said(image, LossKind::frames) == "2 more pages are left out; -p page=2 takes another");
  BOOST_TEST(image.lost.has(LossKind::thumbnail));
  BOOST_TEST(image.lost.has(LossKind::alpha));
  image = decoded(file, {{"page", "2"}});
  BOOST_TEST(equal(image.pixels, all[3].samples));
  BOOST_TEST(!image.lost.has(LossKind::frames));
  BOOST_TEST(equal(decoded(file, {{"page", "1"}}).pixels, all[1].samples));
  BOOST_TEST(equal(decoded(file, {{"page", "3"}}).pixels, all[4].samples));
  BOOST_TEST(code_of([&] { decode(file, "", {{"page", "4"}}); }) == ErrorCode::usage);
  // A limit holds for the page that is read, which may be larger than the first.
  Rules rules;
  rules.max_pixels = kSize.area();
  decode(file, "", {}, rules);
  BOOST_TEST(code_of([&] { decode(file, "", {{"page", "2"}}, rules); }) == ErrorCode::limit);
  // The only one is the picture, whatever it says.
  BOOST_TEST(equal(decoded(tiff_of({all[0]})).pixels, all[0].samples));
}

BOOST_AUTO_TEST_CASE(orientation_is_applied_once) {
  TiffPage page = page_of(pattern({3, 2}, CV_8UC1, 8));
  page.more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_RIGHTTOP); };
  cv::Mat expected;
  cv::rotate(page.samples, expected, cv::ROTATE_90_CLOCKWISE);
  const Bytes file = tiff_of({page});
  const Image image = decoded(file);
  BOOST_TEST(equal(image.pixels, expected));
  BOOST_TEST(equal(decoded(encode(image, "tiff")).pixels, expected));
  BOOST_TEST(probe(file).width == 2);
}

BOOST_AUTO_TEST_CASE(all_odd_files_are_read) {
  for (const Bytes& file : odd_tiffs()) decoded(file);
}

BOOST_AUTO_TEST_SUITE_END()
