// SPDX-License-Identifier: Apache-2.0
#include "calotype/colour.hpp"

#include <lcms2.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <opencv2/core.hpp>
#include <string_view>
#include <vector>

#include "calotype/error.hpp"
#include "calotype/parallel.hpp"

namespace calotype {
namespace {

/// Little CMS without the process-wide state: nothing that the host program sets, or that we do, reaches the other.
using Context = std::shared_ptr<std::remove_pointer_t<cmsContext>>;
Context make_context() {
  Context context(cmsCreateContext(nullptr, nullptr), cmsDeleteContext);
  if (!context) throw std::bad_alloc();
  return context;
}

struct Profile {
  Profile(Context of, cmsHPROFILE opened) : context(std::move(of)), handle(opened, cmsCloseProfile) {}
  explicit operator bool() const { return handle != nullptr; }

  Context context;  // outlives the profile
  std::shared_ptr<void> handle;
};

Profile open(const Bytes& icc) {
  const Context context = make_context();
  return {context, cmsOpenProfileFromMemTHR(context.get(), icc.data(), cmsUInt32Number(icc.size()))};
}

using Curve = std::unique_ptr<cmsToneCurve, decltype(&cmsFreeToneCurve)>;
Curve curve(const Context& context, const Transfer& t) {
  constexpr int kWithLinearPart = 4;  // Little CMS numbers them from 1
  const double parameters[] = {t.g, t.a, t.b, t.c, t.d};
  return {cmsBuildParametricToneCurve(context.get(), kWithLinearPart, parameters), cmsFreeToneCurve};
}

/// The same bytes for the same profile, whenever it is made.
Bytes saved(const Profile& profile) {
  constexpr std::size_t kDate = 24, kDateSize = 12;
  static constexpr std::uint8_t kEpoch[kDateSize] = {0x07, 0xB2, 0, 1, 0, 1};  // 1970-01-01
  cmsUInt32Number size = 0;
  if (!profile || !cmsSaveProfileToMem(profile.handle.get(), nullptr, &size)) return {};
  Bytes icc(size);
  if (!cmsSaveProfileToMem(profile.handle.get(), icc.data(), &size)) return {};
  std::memcpy(icc.data() + kDate, kEpoch, kDateSize);
  return icc;
}

Profile srgb(const Context& context) { return {context, cmsCreate_sRGBProfileTHR(context.get())}; }

Profile grey(const Context& context, const cmsToneCurve* tone) {
  return {context, cmsCreateGrayProfileTHR(context.get(), cmsD50_xyY(), tone)};
}

cmsUInt32Number sample_type(int depth) {
  return depth == CV_8U ? BYTES_SH(1) : depth == CV_16U ? BYTES_SH(2) : BYTES_SH(4) | FLOAT_SH(1);
}

/// Little CMS's name for the samples of a picture.
cmsUInt32Number type_of(const cv::Mat& pixels) {
  const bool colour = pixels.channels() > 2;
  return sample_type(pixels.depth()) | CHANNELS_SH(cmsUInt32Number(colour ? 3 : 1)) |
         EXTRA_SH(cmsUInt32Number(has_alpha(pixels))) | COLORSPACE_SH(cmsUInt32Number(colour ? PT_RGB : PT_GRAY)) |
         (colour ? DOSWAP_SH(1) | SWAPFIRST_SH(cmsUInt32Number(has_alpha(pixels))) : 0);
}

/// False where the two profiles do not go together.
bool convert(const Profile& from, cmsUInt32Number from_type, const cv::Mat& source, const Profile& to,
             cmsUInt32Number to_type, cv::Mat& target, cmsUInt32Number intent) {
  if (!from || !to) return false;
  // Little CMS's shortcuts are exact for colours of 8 bits. For greys and 16 bits they are tables too coarse for dark
  // shades; for inks they serve, whose profiles are such tables themselves.
  const cmsUInt32Number space = T_COLORSPACE(from_type);
  const bool shortcuts = space == PT_CMYK || (space == PT_RGB && T_BYTES(from_type) == 1);
  const std::shared_ptr<void> transform(
      cmsCreateTransformTHR(from.context.get(), from.handle.get(), from_type, to.handle.get(), to_type, intent,
                            cmsFLAGS_COPY_ALPHA | (shortcuts ? 0 : cmsFLAGS_NOOPTIMIZE) |
                                cmsFLAGS_NOCACHE),  // so that threads may share it
      [](void* made) {
        if (made) cmsDeleteTransform(made);
      });
  if (!transform) return false;
  parallel_for(source.rows, [&](int begin, int end) {
    for (int y = begin; y < end; ++y)
      cmsDoTransform(transform.get(), source.ptr(y), target.ptr(y), cmsUInt32Number(source.cols));
  });
  return true;
}

/// Light that gets through one ink after the other; there is no exact answer without the press's profile.
template <class T>
void multiply_inks(const cv::Mat& inks, cv::Mat& bgr) {
  constexpr std::uint32_t kFull = std::numeric_limits<T>::max();
  parallel_for(inks.rows, [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      const T* ink = inks.ptr<T>(y);
      T* pixel = bgr.ptr<T>(y);
      for (int x = 0; x < inks.cols; ++x, ink += 4, pixel += 3)
        for (int c = 0; c < 3; ++c) pixel[c] = T(((kFull - ink[2 - c]) * (kFull - ink[3]) + kFull / 2) / kFull);
    }
  });
}

/// How the samples of a picture with a profile for grey become light; null where the profile does not say it so.
Curve light_of_grey(const Profile& profile) {
  Curve light(nullptr, cmsFreeToneCurve);
  const auto* tone =
      profile ? static_cast<const cmsToneCurve*>(cmsReadTag(profile.handle.get(), cmsSigGrayTRCTag)) : nullptr;
  if (!tone) return light;
  if (cmsGetPCS(profile.handle.get()) != cmsSigLabData) {
    light.reset(cmsDupToneCurve(tone));
    return light;
  }
  std::vector<float> table(4096);  // the curve says how they become lightness
  for (std::size_t i = 0; i < table.size(); ++i) {
    const double lightness = 100 * cmsEvalToneCurveFloat(tone, float(i) / float(table.size() - 1));
    table[i] = float(lightness > 8 ? std::pow((lightness + 16) / 116, 3) : lightness * 27 / 24389);
  }
  light.reset(cmsBuildTabulatedToneCurveFloat(profile.context.get(), cmsUInt32Number(table.size()), table.data()));
  return light;
}

}  // namespace

ColourSpace colour_space(const Bytes& icc) {
  constexpr std::size_t kHeader = 128, kSpace = 16, kMagic = 36;
  const auto word = [&](std::size_t at) { return std::string_view(reinterpret_cast<const char*>(&icc[at]), 4); };
  if (icc.size() < kHeader || word(kMagic) != "acsp") return ColourSpace::other;
  return word(kSpace) == "RGB "   ? ColourSpace::rgb
         : word(kSpace) == "GRAY" ? ColourSpace::grey
         : word(kSpace) == "CMYK" ? ColourSpace::cmyk
                                  : ColourSpace::other;
}

Transfer srgb_transfer() { return {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045}; }
Transfer bt709_transfer() { return {1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081}; }
Transfer power_transfer(double gamma) { return {gamma, 1, 0, 0, 0}; }
Primaries srgb_primaries() { return {{0.64, 0.33}, {0.30, 0.60}, {0.15, 0.06}, {0.3127, 0.3290}}; }

Bytes rgb_profile(const Primaries& primaries, const Transfer& transfer) {
  const Context context = make_context();
  const cmsCIExyY white{primaries.white.x, primaries.white.y, 1};
  const auto corner = [](const cv::Point2d& p) { return cmsCIExyY{p.x, p.y, 1}; };
  const cmsCIExyYTRIPLE corners{corner(primaries.red), corner(primaries.green), corner(primaries.blue)};
  const Curve tone = curve(context, transfer);
  cmsToneCurve* tones[] = {tone.get(), tone.get(), tone.get()};
  const bool sound =
      tone && primaries.white.y > 0 && primaries.red.y >= 0 && primaries.green.y > 0 && primaries.blue.y > 0;
  const Profile profile(context, sound ? cmsCreateRGBProfileTHR(context.get(), &white, &corners, tones) : nullptr);
  Bytes icc = saved(profile);
  if (icc.empty())
    throw Error(ErrorCode::corrupt, "the file's primaries or its gamma name no colours",
                "take them out of the file; without them it is read as sRGB");
  return icc;
}

Bytes grey_profile(const Transfer& transfer) {
  const Context context = make_context();
  const Curve tone = curve(context, transfer);
  Bytes icc = tone ? saved(grey(context, tone.get())) : Bytes();
  if (icc.empty())
    throw Error(ErrorCode::corrupt, "the file's gamma names no shades",
                "take it out of the file, which is then read as sRGB");
  return icc;
}

cv::Mat bgr_from_cmyk(const cv::Mat& inks, const Bytes& icc, Losses& lost) {
  cv::Mat bgr(inks.size(), CV_MAKETYPE(inks.depth(), 3));
  const cmsUInt32Number from = sample_type(inks.depth()) | CHANNELS_SH(4) | COLORSPACE_SH(PT_CMYK);
  if (colour_space(icc) == ColourSpace::cmyk) {
    const Profile profile = open(icc);
    if (profile && convert(profile, from, inks, srgb(profile.context), type_of(bgr), bgr,
                           cmsGetHeaderRenderingIntent(profile.handle.get()))) {
      lost.add(LossKind::colour, "CMYK was converted to sRGB, by its profile");
      return bgr;
    }
  }
  inks.depth() == CV_8U ? multiply_inks<std::uint8_t>(inks, bgr) : multiply_inks<std::uint16_t>(inks, bgr);
  lost.add(LossKind::colour, "CMYK was converted to RGB by a rule of thumb, for it has no profile that could be used");
  return bgr;
}

cv::Mat bgr_from_lab(const cv::Mat& lab, int depth, Losses& lost) {
  const Context context = make_context();
  cv::Mat bgr(lab.size(), CV_MAKETYPE(depth, 3));
  const Profile from(context, cmsCreateLab4ProfileTHR(context.get(), nullptr));
  const cmsUInt32Number type = sample_type(CV_32F) | CHANNELS_SH(3) | COLORSPACE_SH(PT_Lab);
  if (!convert(from, type, lab, srgb(context), type_of(bgr), bgr, INTENT_RELATIVE_COLORIMETRIC)) throw std::bad_alloc();
  lost.add(LossKind::colour, "L*a*b* was converted to sRGB");
  return bgr;
}

void to_colour(Image& image) {
  cv::Mat& pixels = image.pixels;
  if (pixels.channels() > 2) return;
  cv::Mat colour(pixels.size(), CV_MAKETYPE(pixels.depth(), has_alpha(pixels) ? 4 : 3));
  cv::mixChannels(std::vector<cv::Mat>{pixels}, std::vector<cv::Mat>{colour},
                  has_alpha(pixels) ? std::vector<int>{0, 0, 0, 1, 0, 2, 1, 3} : std::vector<int>{0, 0, 0, 1, 0, 2});
  pixels = colour;
  if (colour_space(image.meta.icc) != ColourSpace::grey) return;
  const Profile profile = open(image.meta.icc);
  const Curve light = light_of_grey(profile);
  image.meta.icc.clear();
  if (light) {
    const auto corner = [](const cv::Point2d& p) { return cmsCIExyY{p.x, p.y, 1}; };
    const Primaries primaries = srgb_primaries();
    const cmsCIExyY white = corner(primaries.white);
    const cmsCIExyYTRIPLE corners{corner(primaries.red), corner(primaries.green), corner(primaries.blue)};
    cmsToneCurve* tones[] = {light.get(), light.get(), light.get()};
    image.meta.icc = saved({profile.context, cmsCreateRGBProfileTHR(profile.context.get(), &white, &corners, tones)});
  }
  if (image.meta.icc.empty()) image.lost.add(LossKind::icc, "grey became RGB, for which its profile cannot be used");
}

void to_srgb(Image& image) {
  if (image.meta.icc.empty()) return;
  const Profile profile = open(image.meta.icc);
  cv::Mat converted(image.pixels.size(), image.pixels.type());
  const Context& context = profile.context;
  const bool colour = image.pixels.channels() > 2;
  const Profile target = colour ? srgb(context) : grey(context, curve(context, srgb_transfer()).get());
  const cmsUInt32Number type = type_of(image.pixels);
  if (convert(profile, type, image.pixels, target, type, converted, INTENT_RELATIVE_COLORIMETRIC))
    image.pixels = converted;
  else
    image.lost.add(LossKind::colour, "the profile cannot be used, colours are shown as if they were sRGB");
  image.meta.icc.clear();
}

}  // namespace calotype
