// SPDX-License-Identifier: Apache-2.0
// Colour profiles, through Little CMS. A picture without a profile is sRGB.
#pragma once
#include <opencv2/core/mat.hpp>
#include <opencv2/core/types.hpp>

#include "calotype/image.hpp"

namespace calotype {

/// What the samples of a picture with a profile stand for. `other` is also what is no profile at all.
enum class ColourSpace { grey, rgb, cmyk, other };
/// By the profile's header alone; never throws on bad bytes.
CALOTYPE_API ColourSpace colour_space(const Bytes& icc);

/// How samples from 0 to 1 become light: (a x + b)^g from d on, c x below (ICC.1, parametric curve of type 3).
struct Transfer {
  double g = 1, a = 1, b = 0, c = 0, d = 0;
};
/// IEC 61966-2-1.
CALOTYPE_API Transfer srgb_transfer();
/// ITU-R BT.709, the inverse of the camera's curve.
CALOTYPE_API Transfer bt709_transfer();
/// x^gamma.
CALOTYPE_API Transfer power_transfer(double gamma);

/// Chromaticities, CIE 1931 x and y.
struct Primaries {
  cv::Point2d red, green, blue, white;
};
CALOTYPE_API Primaries srgb_primaries();

/// Profiles for pictures whose files name colours in another way. Throw corrupt for primaries that span no triangle.
CALOTYPE_API Bytes rgb_profile(const Primaries& primaries, const Transfer& transfer);
CALOTYPE_API Bytes grey_profile(const Transfer& transfer);

/// sRGB, CV_8UC3 or CV_16UC3, from inks C, M, Y, K, CV_8UC4 or CV_16UC4, where 0 is no ink. By the profile, in the
/// intent that it names; where it is none for CMYK by a formula. Says in `lost` which.
CALOTYPE_API cv::Mat bgr_from_cmyk(const cv::Mat& inks, const Bytes& icc, Losses& lost);

/// sRGB, CV_8UC3 or CV_16UC3 as `depth` says, from CIE L*a*b*, CV_32FC3, L* from 0 to 100, white that of D50. Colours
/// beyond sRGB are clipped; `lost` has it.
CALOTYPE_API cv::Mat bgr_from_lab(const cv::Mat& lab, int depth, Losses& lost);

/// Grey becomes three equal channels, and a profile for grey one for RGB in which they look the same.
CALOTYPE_API void to_colour(Image& image);

/// Converts the pixels to sRGB, or grey ones to the grey of sRGB, and drops the profile. Relative colorimetric; colours
/// beyond sRGB are clipped, in float samples kept. A profile that cannot be used is a loss of colour.
CALOTYPE_API void to_srgb(Image& image);

}  // namespace calotype
