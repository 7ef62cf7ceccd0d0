// SPDX-License-Identifier: Apache-2.0
#include "consistency.hpp"

#include <cmath>
#include <opencv2/core.hpp>

#include "calotype/colour.hpp"
#include "calotype/error.hpp"
#include "calotype/log.hpp"
#include "exif_block.hpp"
#include "xmp.hpp"

namespace calotype {
namespace {

constexpr auto kImage = ExifBlock::Directory::image, kPhoto = ExifBlock::Directory::photo;
/// No photograph has light this far above white; whoever stores 0..255 as floats has.
constexpr double kBeyondLight = 64;

std::string counted(std::int64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

/// One pass over float samples.
void check_samples(Image& image) {
  cv::Mat& pixels = image.pixels;
  if (pixels.depth() != CV_32F) return;
  std::int64_t strange = 0;
  float most = 0;
  const int count = pixels.cols * pixels.channels();
  for (int y = 0; y < pixels.rows; ++y) {
    float* sample = pixels.ptr<float>(y);
    for (int i = 0; i < count; ++i) {
      if (std::isfinite(sample[i])) {
        most = std::max(most, sample[i]);
      } else {
        sample[i] = sample[i] > 0 ? 1.f : 0.f;  // a NaN is not
        ++strange;
      }
    }
  }
  if (strange)
    image.lost.add(LossKind::pixels, counted(strange, "sample") + (strange == 1 ? " is" : " are") +
                                         " not a finite number, and became 0 or 1");
  if (most > kBeyondLight)
    image.lost.add(LossKind::pixels, "samples reach " + std::to_string(std::lround(most)) +
                                         ", and what is above 1 counts as white; if that is white, add -p white=" +
                                         std::to_string(most <= 255     ? 255
                                                        : most <= 65535 ? 65535
                                                                        : std::lround(most)));
}

void check_profile(Image& image) {
  if (image.meta.icc.empty()) return;
  const ColourSpace expected = image.pixels.channels() < 3 ? ColourSpace::grey : ColourSpace::rgb;
  if (colour_space(image.meta.icc) == expected) return;
  image.meta.icc.clear();
  image.lost.add(LossKind::icc, std::string("the colour profile is not one for ") +
                                    (expected == ColourSpace::grey ? "grey" : "RGB") + " and is left out");
}

/// Sizes and orientation of the metadata, and what describes another picture.
void update_metadata(Metadata& meta, const cv::Size& size, bool turned, Losses& lost) {
  ExifBlock exif(meta.exif);
  if (turned) exif.replace(kImage, ExifBlock::orientation, 1);
  const auto width = std::uint32_t(size.width), height = std::uint32_t(size.height);
  exif.replace(kImage, ExifBlock::image_width, width);
  exif.replace(kImage, ExifBlock::image_length, height);
  exif.replace(kPhoto, ExifBlock::pixel_x_dimension, width);
  exif.replace(kPhoto, ExifBlock::pixel_y_dimension, height);
  const XmpChanges xmp = update_xmp(meta.xmp, {turned, size});
  if (exif.drop_thumbnail() || xmp.thumbnail)
    lost.add(LossKind::thumbnail, "the small copy in the metadata is left out");
  if (xmp.broken) lost.add(LossKind::xmp, "XMP that cannot be read, and may describe other pixels, is left out");
  for (const std::string& claim : xmp.claims)
    lost.add(LossKind::extra, claim + ", which the metadata tells of, is left out");
}

}  // namespace

Density exif_density(const Bytes& block) {
  constexpr std::uint32_t kInch = 2, kCentimetre = 3;
  const ExifBlock exif(const_cast<Bytes&>(block));  // it is only read
  const auto unit = exif.number(kImage, ExifBlock::resolution_unit).value_or(kInch);
  if (unit != kInch && unit != kCentimetre) return {};
  const double scale = unit == kInch ? 1 : 2.54;
  return {scale * exif.rational(kImage, ExifBlock::x_resolution).value_or(0),
          scale * exif.rational(kImage, ExifBlock::y_resolution).value_or(0)};
}

void make_consistent(Image& image, const Rules& rules) {
  const int orientation = exif_orientation(image.meta.exif);
  const bool turned = orientation != 1;
  if (orientation > 4) std::swap(image.meta.density.x, image.meta.density.y);
  apply_orientation(image);
  update_metadata(image.meta, image.pixels.size(), turned, image.lost);
  if (!image.meta.density.known()) image.meta.density = exif_density(image.meta.exif);
  check_samples(image);
  check_profile(image);
  if (rules.colours == Colours::srgb) to_srgb(image);
}

Image consistent(const Image& image, Losses& lost) {
  Image result = image;
  result.lost = {};
  update_metadata(result.meta, image.pixels.size(), false, result.lost);
  check_profile(result);
  lost.add(result.lost);
  return result;
}

void announce(const Losses& lost, const Rules& rules, const std::string& name) {
  for (const Loss& loss : lost) {
    const std::string line = name + ": " + loss.detail;
    if (loss.kind == LossKind::thumbnail)
      log(LogLevel::info, line);
    else if (rules.strict)
      throw Error(ErrorCode::unsupported, line, "leave out --strict to go on without it");
    else
      log(LogLevel::warning, line);
  }
}

}  // namespace calotype
