// SPDX-License-Identifier: Apache-2.0
#include "colours.hpp"

#include <algorithm>
#include <opencv2/core.hpp>

#include "../common/samples.hpp"
#include "calotype/colour.hpp"

namespace calotype {
namespace {

using Colour = Layout::Colour;

/// Calls `change` with every pixel's first sample.
template <class T, class Change>
void for_pixels(cv::Mat& pixels, Change change) {
  const int channels = pixels.channels();
  for (int y = 0; y < pixels.rows; ++y) {
    T* pixel = pixels.ptr<T>(y);
    for (int x = 0; x < pixels.cols; ++x, pixel += channels) change(pixel);
  }
}

/// The same for samples of any kind: `change` is a generic lambda.
template <class Change>
void for_any_pixels(cv::Mat& pixels, Change change) {
  switch (pixels.depth()) {
    case CV_8U:
      return for_pixels<std::uint8_t>(pixels, change);
    case CV_16U:
      return for_pixels<std::uint16_t>(pixels, change);
    default:
      return for_pixels<float>(pixels, change);
  }
}

std::uint8_t divided(std::uint8_t colour, std::uint8_t alpha) {
  return static_cast<std::uint8_t>(std::min(255, (colour * 255 + alpha / 2) / alpha));
}
std::uint16_t divided(std::uint16_t colour, std::uint16_t alpha) {
  return static_cast<std::uint16_t>(std::min(65535u, (colour * 65535u + alpha / 2u) / alpha));
}
float divided(float colour, float alpha) { return colour / alpha; }

/// Where nothing is seen, colours stay as they are.
void unpremultiply(cv::Mat& pixels) {
  const int colours = pixels.channels() - 1;
  for_any_pixels(pixels, [=](auto* pixel) {
    for (int c = 0; c < colours && pixel[colours] > 0; ++c) pixel[c] = divided(pixel[c], pixel[colours]);
  });
}

/// What no file says is alpha, and would let nothing be seen, is none.
void check_unspecified_alpha(cv::Mat& pixels) {
  const int channel = pixels.channels() - 1;
  cv::Mat alpha;
  cv::extractChannel(pixels, alpha, channel);
  if (cv::countNonZero(alpha) > 0) return;
  alpha = full_scale(pixels.depth());
  cv::insertChannel(alpha, pixels, channel);
}

void invert(cv::Mat& pixels) {
  const double full = full_scale(pixels.depth());
  for_any_pixels(pixels, [=](auto* pixel) { *pixel = static_cast<std::decay_t<decltype(*pixel)>>(full - *pixel); });
}

void swap_red_and_blue(cv::Mat& pixels) {
  for_any_pixels(pixels, [](auto* pixel) { std::swap(pixel[0], pixel[2]); });
}

template <class Index, class T>
cv::Mat look_up(const cv::Mat& indices, const std::vector<cv::Vec<T, 3>>& colours) {
  cv::Mat_<cv::Vec<T, 3>> bgr(indices.size());
  for (int y = 0; y < indices.rows; ++y) {
    const Index* index = indices.ptr<Index>(y);
    std::transform(index, index + indices.cols, bgr[y], [&](Index i) { return colours[i]; });
  }
  return std::move(bgr);
}

/// `shift`: from the file's values to those of T.
template <class T>
cv::Mat from_palette(const cv::Mat& indices, const TiffSource& source, int bits, int shift) {
  std::uint16_t *red = nullptr, *green = nullptr, *blue = nullptr;
  TIFFGetField(source.get(), TIFFTAG_COLORMAP, &red, &green, &blue);  // layout_of() has seen it
  std::vector<cv::Vec<T, 3>> colours(std::size_t(1) << bits);
  for (std::size_t i = 0; i < colours.size(); ++i)
    colours[i] = {T(blue[i] >> shift), T(green[i] >> shift), T(red[i] >> shift)};
  return indices.depth() == CV_8U ? look_up<std::uint8_t>(indices, colours) : look_up<std::uint16_t>(indices, colours);
}

/// In the units of the CIE. In 8 bits a* and b* are stored as they are, in 16 with a fraction of 8 bits.
cv::Mat lab_of(const cv::Mat& samples, bool offset) {
  const bool deep = samples.depth() == CV_16U;
  const float fraction = deep ? 256 : 1, white = deep ? (offset ? 0xFF00 : 0xFFFF) : 0xFF;
  cv::Mat lab;
  samples.convertTo(lab, CV_32F);
  for_pixels<float>(lab, [=](float* pixel) {
    pixel[0] *= 100 / white;
    for (int c = 1; c < 3; ++c) {
      pixel[c] /= fraction;
      if (offset)
        pixel[c] -= 128;
      else if (pixel[c] >= 128)  // a negative number
        pixel[c] -= 256;
    }
  });
  return lab;
}

/// Linear, with the primaries of sRGB. White is where X, Y and Z are equal, as for libtiff.
void from_xyz(cv::Mat& pixels) {
  for_pixels<float>(pixels, [](float* pixel) {
    const float x = pixel[0], y = pixel[1], z = pixel[2];
    pixel[0] = 2.690f * x - 1.276f * y - 0.414f * z;
    pixel[1] = -1.022f * x + 1.978f * y + 0.044f * z;
    pixel[2] = 0.061f * x - 0.224f * y + 1.163f * z;
  });
}

/// Colours that another representation holds, without alpha.
cv::Mat converted(const cv::Mat& colours, const TiffSource& source, const Layout& layout, Image& image) {
  if (layout.colour == Colour::palette)
    return layout.depth == CV_16U ? from_palette<std::uint16_t>(colours, source, layout.bits, 0)
                                  : from_palette<std::uint8_t>(colours, source, layout.bits, layout.palette_shift);
  const Bytes icc = std::move(image.meta.icc);
  image.meta.icc.clear();
  if (layout.colour == Colour::cmyk) return bgr_from_cmyk(colours, icc, image.lost);
  return bgr_from_lab(lab_of(colours, layout.colour == Colour::icc_lab), layout.depth, image.lost);
}

/// Replaces the colours, of another number and maybe depth; alpha stays.
void convert(Image& image, const TiffSource& source, const Layout& layout) {
  cv::Mat& stored = image.pixels;
  if (!layout.has_alpha()) {
    stored = converted(stored, source, layout, image);
    return;
  }
  const int channels = stored.channels() - 1;
  cv::Mat colours(stored.size(), CV_MAKETYPE(stored.depth(), channels)), alpha;
  std::vector<int> pairs;
  for (int c = 0; c < channels; ++c) pairs.insert(pairs.end(), {c, c});
  cv::mixChannels(std::vector<cv::Mat>{stored}, std::vector<cv::Mat>{colours}, pairs);
  cv::extractChannel(stored, alpha, channels);
  const double most = layout.colour == Colour::palette ? (1 << layout.bits) - 1 : full_scale(stored.depth());
  alpha.convertTo(alpha, layout.depth, full_scale(layout.depth) / most);
  cv::merge(std::vector<cv::Mat>{converted(colours, source, layout, image), alpha}, stored);
}

}  // namespace

void finish_colours(Image& image, const TiffSource& source, const Layout& layout, double white) {
  cv::Mat& pixels = image.pixels;
  if (pixels.depth() == CV_32F && white != 1) cv::divide(pixels, white, pixels);
  if (layout.colour == Colour::palette) convert(image, source, layout);
  if (layout.alpha == Layout::Alpha::premultiplied) unpremultiply(pixels);
  if (layout.alpha == Layout::Alpha::unspecified) check_unspecified_alpha(pixels);
  switch (layout.colour) {
    case Colour::grey:
    case Colour::palette:
      return;
    case Colour::inverted_grey:
      return invert(pixels);
    case Colour::rgb:
    case Colour::rendered:
      return swap_red_and_blue(pixels);
    case Colour::cmyk:
    case Colour::lab:
    case Colour::icc_lab:
      return convert(image, source, layout);
    case Colour::luminance:
      image.meta.icc = grey_profile(power_transfer(1));
      return;
    case Colour::xyz:
      from_xyz(pixels);
      image.meta.icc = rgb_profile(srgb_primaries(), power_transfer(1));
      return swap_red_and_blue(pixels);
  }
}

}  // namespace calotype
