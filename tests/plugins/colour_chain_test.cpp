// SPDX-License-Identifier: Apache-2.0
// A scan, a wide-gamut PNG, a page for print: into a .calo and back, and every colour is what it was.
#include <lcms2.h>

#include <array>
#include <memory>
#include <opencv2/core.hpp>

#include "../common/profiles.hpp"
#include "calotype/colour.hpp"
#include "png_file.hpp"
#include "support.hpp"
#include "tiff_files.hpp"

using namespace calotype;

namespace {

constexpr int kSide = 64;  ///< of a patch, in pixels

using Handle = std::shared_ptr<void>;

Handle profile_of(const Bytes& icc) {
  return {icc.empty() ? cmsCreate_sRGBProfile() : cmsOpenProfileFromMem(icc.data(), cmsUInt32Number(icc.size())),
          cmsCloseProfile};
}

/// As the profile has it, or sRGB without one. `colour`: from 0 to 1, in the order of `type`.
template <std::size_t N>
cmsCIELab lab(const Bytes& icc, cmsUInt32Number type, const std::array<double, N>& colour, cmsUInt32Number intent) {
  const Handle from = profile_of(icc), to(cmsCreateLab4Profile(nullptr), cmsCloseProfile);
  const Handle transform(cmsCreateTransform(from.get(), type, to.get(), TYPE_Lab_DBL, intent, cmsFLAGS_NOOPTIMIZE),
                         cmsDeleteTransform);
  BOOST_REQUIRE(transform != nullptr);
  cmsCIELab result{};
  cmsDoTransform(transform.get(), colour.data(), &result, 1);
  return result;
}

/// Muted colours, all of which sRGB has.
const std::vector<std::array<double, 3>>& patches() {
  static const std::vector<std::array<double, 3>> all = {{0.5, 0.5, 0.5},  {0.8, 0.7, 0.6}, {0.3, 0.4, 0.6},
                                                         {0.6, 0.3, 0.3},  {0.3, 0.5, 0.3}, {0.75, 0.7, 0.3},
                                                         {0.2, 0.2, 0.25}, {0.9, 0.9, 0.88}};
  return all;
}

/// One patch beside the other; `at(patch, channel)` from 0 to 1.
template <class At>
cv::Mat drawn(int type, At at) {
  cv::Mat pixels(kSide, kSide * int(patches().size()), type);
  const double full = pixels.depth() == CV_8U ? 255 : 65535;
  for (std::size_t i = 0; i < patches().size(); ++i) {
    cv::Scalar colour;
    for (int c = 0; c < pixels.channels(); ++c) colour[c] = std::round(full * at(i, std::size_t(c)));
    pixels(cv::Rect(int(i) * kSide, 0, kSide, kSide)).setTo(colour);
  }
  return pixels;
}

/// Through a .calo of quality 95; then every patch is compared with the colour that it should have.
template <class Expected>
void check_chain(const Bytes& file, Expected expected, const std::vector<LossKind>& lost) {
  set_log_sink([](LogLevel, const std::string&) {});
  const Image first = decode(file);
  const Image last = decode(encode(first, "calo", {{"quality", "95"}}));
  set_log_sink({});
  for (const LossKind kind : lost) BOOST_TEST(first.lost.has(kind), to_string(kind));
  BOOST_TEST((last.meta.icc == first.meta.icc));
  const double full = last.pixels.depth() == CV_8U ? 255 : 65535;
  for (std::size_t i = 0; i < patches().size(); ++i) {
    const cv::Scalar bgr = cv::mean(last.pixels(cv::Rect(int(i) * kSide + 16, 16, kSide - 32, kSide - 32))) / full;
    const cmsCIELab is = lab<3>(last.meta.icc, TYPE_BGR_DBL, {bgr[0], bgr[1], bgr[2]}, INTENT_RELATIVE_COLORIMETRIC);
    const cmsCIELab should = expected(i);
    BOOST_TEST(cmsCIE2000DeltaE(&is, &should, 1, 1, 1) < 1, "patch " << i);
  }
}

const Primaries kDisplayP3 = {{0.68, 0.32}, {0.265, 0.69}, {0.15, 0.06}, {0.3127, 0.329}};

cv::Mat rgb_patches(int type) {
  return drawn(type, [](std::size_t patch, std::size_t c) { return patches()[patch][2 - c]; });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(colour_chain)

BOOST_AUTO_TEST_CASE(a_scan_of_16_bits_with_its_profile) {
  Image scan;
  scan.pixels = rgb_patches(CV_16UC3);
  scan.meta.icc = rgb_profile(kDisplayP3, power_transfer(1.8));
  check_chain(
      encode(scan, "tiff"),
      [&](std::size_t i) { return lab(scan.meta.icc, TYPE_RGB_DBL, patches()[i], INTENT_RELATIVE_COLORIMETRIC); }, {});
}

BOOST_AUTO_TEST_CASE(a_png_that_names_its_colours) {
  Image picture;
  picture.pixels = rgb_patches(CV_8UC3);
  const Bytes file = with_chunk(encode(picture, "png"), "cICP", {12, 13, 0, 1});  // Display P3
  check_chain(file,
              [](std::size_t i) {
                return lab(rgb_profile(kDisplayP3, srgb_transfer()), TYPE_RGB_DBL, patches()[i],
                           INTENT_RELATIVE_COLORIMETRIC);
              },
              {});
}

BOOST_AUTO_TEST_CASE(a_page_for_print) {
  // Inks that leave the muted colours above, more or less; what counts is what the profile makes of them.
  const auto ink = [](std::size_t patch, std::size_t c) { return c == 3 ? 0.1 : 0.9 * (1 - patches()[patch][c]); };
  const cv::Mat inks = drawn(CV_8UC4, ink);
  const Bytes icc = cmyk_profile();
  const Handle profile = profile_of(icc);
  const cmsUInt32Number intent = cmsGetHeaderRenderingIntent(profile.get());
  TiffPage page;
  page.samples = inks;
  page.photometric = PHOTOMETRIC_SEPARATED;
  page.more = [&](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_ICCPROFILE, std::uint32_t(icc.size()), icc.data()); };
  check_chain(tiff_of({page}),
              [&](std::size_t i) {
                std::array<double, 4> percent{};
                for (std::size_t c = 0; c < 4; ++c) percent[c] = 100 * std::round(255 * ink(i, c)) / 255;
                return lab(icc, TYPE_CMYK_DBL, percent, intent);
              },
              {LossKind::colour});
}

BOOST_AUTO_TEST_SUITE_END()
