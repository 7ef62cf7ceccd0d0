// SPDX-License-Identifier: Apache-2.0
#include "encoder.hpp"

#include <algorithm>
#include <opencv2/core.hpp>

#include "metadata.hpp"
#include "tags.hpp"
#include "target.hpp"

namespace calotype {
namespace {

constexpr std::uint64_t kStripSize = 1 << 18;  // compresses well, and is had quickly

int scheme_of(const std::string& compression) {
  return compression == "none"      ? COMPRESSION_NONE
         : compression == "lzw"     ? COMPRESSION_LZW
         : compression == "deflate" ? COMPRESSION_ADOBE_DEFLATE
                                    : COMPRESSION_ZSTD;
}

int rows_per_strip(const cv::Mat& pixels) {
  const std::uint64_t row = std::uint64_t(pixels.cols) * pixels.elemSize();
  return int(std::clamp<std::uint64_t>(kStripSize / row, 1, std::uint64_t(pixels.rows)));
}

void describe(const TiffTarget& target, const cv::Mat& pixels, int scheme) {
  TIFF* tiff = target.get();
  const bool real = pixels.depth() == CV_32F;
  const auto set = [&](std::uint32_t tag, auto value) { target.check(TIFFSetField(tiff, tag, value)); };
  set(TIFFTAG_IMAGEWIDTH, pixels.cols);
  set(TIFFTAG_IMAGELENGTH, pixels.rows);
  set(TIFFTAG_BITSPERSAMPLE, int(8 * pixels.elemSize1()));
  set(TIFFTAG_SAMPLEFORMAT, real ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT);
  set(TIFFTAG_SAMPLESPERPIXEL, pixels.channels());
  set(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  set(TIFFTAG_PHOTOMETRIC, pixels.channels() > 2 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
  set(TIFFTAG_ROWSPERSTRIP, rows_per_strip(pixels));
  if (has_alpha(pixels)) {
    const std::uint16_t straight = EXTRASAMPLE_UNASSALPHA;
    target.check(TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &straight));
  }
  set(TIFFTAG_COMPRESSION, scheme);
  if (scheme != COMPRESSION_NONE) set(TIFFTAG_PREDICTOR, real ? PREDICTOR_FLOATINGPOINT : PREDICTOR_HORIZONTAL);
}

void write_strips(const TiffTarget& target, const cv::Mat& pixels) {
  const int step = rows_per_strip(pixels);
  cv::Mat strip;
  for (int y = 0; y < pixels.rows; y += step) {
    const cv::Mat rows = pixels.rowRange(y, std::min(y + step, pixels.rows));
    rows.copyTo(strip);
    if (rows.channels() > 2)
      cv::mixChannels(std::vector<cv::Mat>{rows}, std::vector<cv::Mat>{strip}, std::vector<int>{0, 2, 2, 0});
    const auto size = tmsize_t(strip.total() * strip.elemSize());
    target.check(TIFFWriteEncodedStrip(target.get(), std::uint32_t(y / step), strip.data, size) == size);
  }
}

/// The offsets of a classic file have 32 bits. What does not compress grows, by up to a half with LZW.
bool needs_big(const cv::Mat& pixels, const Metadata& meta) {
  constexpr std::uint64_t kMost = 0xFFFFFFFF, kDirectories = 64 << 20;
  const std::uint64_t raw = std::uint64_t(pixels.total()) * pixels.elemSize();
  const std::uint64_t rest = meta.icc.size() + meta.exif.size() + meta.xmp.size() + meta.iptc.size();
  return raw + raw / 2 + rest + kDirectories > kMost;
}

}  // namespace

std::vector<ParamSpec> TiffEncoder::params() {
  std::vector<std::string> choices = {"none", "lzw", "deflate"};
  if (TIFFIsCODECConfigured(COMPRESSION_ZSTD)) choices.push_back("zstd");
  return {{"compression", std::string("lzw"), "Lossless compression.", {}, {}, choices}};
}

Bytes TiffEncoder::encode(const Image& image, const Params& params, Losses& lost) {
  const bool big = needs_big(image.pixels, image.meta);
  TiffTarget target(big);
  Bytes& file = target.bytes();
  file.reserve(image.pixels.total() * image.pixels.elemSize());  // and no memory is used before it is needed
  TagTree tags = metadata_tags(image.meta, lost);
  // Those for EXIF come before the pixels, close to where they were in their block.
  for (const auto& [pointer, child] : tags.children) tags.set_offset(pointer, append_directory(file, child, big), big);
  tags.children.clear();
  describe(target, image.pixels, scheme_of(params.get<std::string>("compression")));
  write_strips(target, image.pixels);
  target.check(TIFFWriteDirectory(target.get()));
  add_to_only_directory(file, std::move(tags));
  return std::move(file);
}

}  // namespace calotype
