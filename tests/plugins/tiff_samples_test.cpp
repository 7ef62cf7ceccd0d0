// SPDX-License-Identifier: Apache-2.0
// Samples of TIFF files, bit for bit. The files are made with libtiff.
#include <opencv2/core.hpp>

#include "tiff_support.hpp"

using namespace calotype;

namespace {

const char* const kModes[] = {"l", "b", "8l", "8b"};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tiff_samples, Quiet)

BOOST_AUTO_TEST_CASE(whole_numbers_of_any_width_fill_the_range) {
  for (const int bits : {1, 2, 3, 4, 7, 8, 10, 12, 14, 16, 17, 24, 32}) {
    const int type = bits <= 8 ? CV_8U : bits <= 16 ? CV_16U : CV_32S;
    TiffPage page = page_of(pattern(kPage, type, bits));
    page.bits = bits;
    page.samples.ptr<std::uint8_t>()[0] = 0;  // something that is not exact in fewer bits
    const double full = bits <= 8 ? 255 : 65535, most = std::pow(2, bits) - 1;
    cv::Mat expected(kPage, bits <= 8 ? CV_8U : CV_16U);
    for (int y = 0; y < kPage.height; ++y)
      for (int x = 0; x < kPage.width; ++x) {
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
  cv::Mat samples(kPage, CV_32S);
  for (int i = 0; i < int(samples.total()); ++i)
    samples.at<int>(i / kPage.width, i % kPage.width) = int(std::uint32_t(i * 100) * 65537u);
  const Image image = decoded(tiff_of({page_of(samples)}));
  BOOST_TEST(image.lost.empty());
  BOOST_TEST(image.pixels.at<ushort>(0, 20) == 2000);
}

BOOST_AUTO_TEST_CASE(colours_in_every_arrangement) {
  for (const int type :
       {CV_8UC1, CV_8UC2, CV_8UC3, CV_8UC4, CV_16UC1, CV_16UC2, CV_16UC3, CV_16UC4, CV_32FC3, CV_32FC4}) {
    const int channels = CV_MAT_CN(type);
    TiffPage page = page_of(pattern(kPage, type, CV_MAT_DEPTH(type) == CV_8U ? 8 : 16),
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
            check_page(page, expected, mode);
          }
  }
}

BOOST_AUTO_TEST_CASE(one_strip_may_hold_everything) {
  TiffPage page = page_of(pattern(kPage, CV_8UC3, 8), PHOTOMETRIC_RGB);
  page.rows_per_strip = -1;  // the largest number there is
  for (const int scheme : {COMPRESSION_NONE, COMPRESSION_LZW}) {
    page.compression = std::uint16_t(scheme);
    check_page(page, taken(page.samples, {2, 1, 0}));
  }
}

BOOST_AUTO_TEST_CASE(predictors_and_fax) {
  for (const int type : {CV_8UC3, CV_16UC3, CV_32FC3}) {
    TiffPage page = page_of(pattern(kPage, type, CV_MAT_DEPTH(type) == CV_8U ? 8 : 16), PHOTOMETRIC_RGB);
    page.compression = COMPRESSION_LZW;
    const int kind = CV_MAT_DEPTH(type) == CV_32F ? PREDICTOR_FLOATINGPOINT : PREDICTOR_HORIZONTAL;
    page.more = [=](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_PREDICTOR, kind); };
    check_page(page, taken(page.samples, {2, 1, 0}));
    if (kind == PREDICTOR_HORIZONTAL)
      check_page(page, taken(page.samples, {2, 1, 0}), "b");  // libtiff 4.5 writes no others
  }
  for (const int scheme : {COMPRESSION_NONE, COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4})
    for (const int order : {FILLORDER_MSB2LSB, FILLORDER_LSB2MSB}) {
      TiffPage page = page_of(pattern(kPage, CV_8UC1, 1), PHOTOMETRIC_MINISWHITE);
      page.bits = 1;
      page.compression = std::uint16_t(scheme);
      page.more = [=](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_FILLORDER, order); };
      cv::Mat expected;
      cv::bitwise_not(page.samples * 255, expected);
      // libtiff writes what is not compressed as it is given.
      if (scheme != COMPRESSION_NONE || order == FILLORDER_MSB2LSB) check_page(page, expected);
    }
}

BOOST_AUTO_TEST_CASE(floats_of_three_widths) {
  cv::Mat half, back;
  pattern(kPage, CV_32FC3, 16).convertTo(half, CV_16F);
  half.convertTo(back, CV_32F);
  for (const char* mode : kModes) check_page(page_of(half, PHOTOMETRIC_RGB), taken(back, {2, 1, 0}), mode);
  back.convertTo(back, CV_64F);
  Image image = decoded(tiff_of({page_of(back, PHOTOMETRIC_RGB)}, "b"));
  back.convertTo(back, CV_32F);
  BOOST_TEST(equal(image.pixels, taken(back, {2, 1, 0})));
  BOOST_TEST(image.lost.empty());
  image = decoded(tiff_of({page_of(flat(CV_64FC1, 0.1))}));
  BOOST_TEST(equal(image.pixels, flat(CV_32FC1, 0.1)));
  BOOST_TEST(detail_of(image.lost, LossKind::depth) == "samples of 64 bits are reduced to 32");
}

BOOST_AUTO_TEST_CASE(floats_have_a_white) {
  const Bytes file = tiff_of({page_of(flat(CV_32FC1, 255))});
  BOOST_TEST(detail_of(decode(file).lost, LossKind::pixels).find("-p white=255") != std::string::npos);
  const Image image = decoded(file, {{"white", "255"}});
  BOOST_TEST(equal(image.pixels, flat(CV_32FC1, 1)));
  BOOST_TEST(image.lost.empty());
  cv::Mat broken = flat(CV_32FC1, 0.5);
  broken.at<float>(3, 4) = std::numeric_limits<float>::quiet_NaN();
  const Image cleaned = decoded(tiff_of({page_of(broken)}));
  broken.at<float>(3, 4) = 0;
  BOOST_TEST(equal(cleaned.pixels, broken));
  BOOST_TEST(cleaned.lost.has(LossKind::pixels));
  check_page(page_of(flat(CV_8UC1, 7)), flat(CV_8UC1, 7));
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
  check_page(page, expected);
  page.extra = {EXTRASAMPLE_UNASSALPHA};
  check_page(page, taken(samples, {2, 1, 0, 3}));
  TiffPage deep = page_of(flat(CV_16UC2, 1000, 30000));
  deep.extra = {EXTRASAMPLE_ASSOCALPHA};
  check_page(deep, flat(CV_16UC2, 2185, 30000));  // 2184.5
  TiffPage real = page_of(flat(CV_32FC2, 0.25, 0.5));
  real.extra = {EXTRASAMPLE_ASSOCALPHA};
  check_page(real, flat(CV_32FC2, 0.5, 0.5));
}

BOOST_AUTO_TEST_CASE(one_unspecified_sample_is_alpha) {
  for (const bool named : {true, false}) {
    TiffPage colour = page_of(flat(CV_8UC4, 10, 20, 30, 40), PHOTOMETRIC_RGB), grey = page_of(flat(CV_8UC2, 10, 40));
    if (named) colour.extra = grey.extra = {EXTRASAMPLE_UNSPECIFIED};
    check_page(colour, flat(CV_8UC4, 30, 20, 10, 40));
    check_page(grey, flat(CV_8UC2, 10, 40));
    // Unless nothing at all would be seen.
    colour.samples = flat(CV_8UC4, 10, 20, 30, 0);
    grey.samples = flat(CV_16UC2, 10, 0);
    check_page(colour, flat(CV_8UC4, 30, 20, 10, 255));
    check_page(grey, flat(CV_16UC2, 10, 65535));
  }
}

BOOST_AUTO_TEST_CASE(further_samples_are_left_out_and_said) {
  TiffPage page = page_of(pattern(kPage, CV_8UC(6), 8), PHOTOMETRIC_RGB);
  page.extra = {EXTRASAMPLE_UNSPECIFIED, EXTRASAMPLE_UNASSALPHA, EXTRASAMPLE_UNSPECIFIED};
  for (const bool planar : {false, true}) {
    page.planar = planar;
    const Image image = decoded(tiff_of({page}));
    BOOST_TEST(equal(image.pixels, taken(page.samples, {2, 1, 0, 4})));
    BOOST_TEST(detail_of(image.lost, LossKind::extra) == "2 more channels are left out");
  }
  page.samples = pattern(kPage, CV_16UC(40), 16);
  page.photometric = PHOTOMETRIC_MINISBLACK;
  page.extra = std::vector<std::uint16_t>(39, EXTRASAMPLE_UNSPECIFIED);
  const Image image = decoded(tiff_of({page}));
  BOOST_TEST(equal(image.pixels, taken(page.samples, {0})));
  BOOST_TEST(detail_of(image.lost, LossKind::extra) == "39 more channels are left out");
}

BOOST_AUTO_TEST_SUITE_END()
