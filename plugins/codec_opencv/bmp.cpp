// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <opencv2/imgproc.hpp>

#include "../common/lost_metadata.hpp"
#include "../common/samples.hpp"
#include "bmp_metadata.hpp"
#include "byte_view.hpp"
#include "formats.hpp"
#include "imgcodecs.hpp"

namespace calotype {
namespace {

constexpr std::uint32_t core_header = 12;  ///< of OS/2
constexpr std::uint32_t usual_header = 40;
constexpr std::uint32_t header_with_alpha = 56;
constexpr std::uint64_t masks_at = 54;  ///< of red, green, blue and alpha; behind a header of 40 bytes, in others
constexpr std::uint32_t bit_fields = 3;

/// The colours are where masks say.
bool has_masks(const ByteView& view) {
  return view.le32(14) != core_header && view.le16(28) == 32 && view.le32(30) == bit_fields;
}

bool has_alpha(const ByteView& view) {
  return has_masks(view) && view.le32(14) >= header_with_alpha && view.le32(masks_at + 12) != 0;
}

/// imgcodecs reads masks only beside one of alpha, and takes them for blue, green and red elsewhere.
bool is_rgb_taken_for_bgr(const ByteView& view) {
  return has_masks(view) && view.le32(14) < header_with_alpha && view.le32(masks_at) == 0xff;
}

void check_masks(const ByteView& view) {
  const std::uint32_t red = view.le32(masks_at), green = view.le32(masks_at + 4), blue = view.le32(masks_at + 8);
  const bool bgr = red == 0xff0000 && blue == 0xff, rgb = red == 0xff && blue == 0xff0000;
  if (view.le32(14) < header_with_alpha && (green != 0xff00 || !(bgr || rgb))) view.unsupported("masks of its colours");
}

/// A file of OS/2 with the usual header and palette.
Bytes with_usual_header(const ByteView& view) {
  const std::uint32_t bits = view.le16(24), entries = bits <= 8 ? 1u << bits : 0;
  Bytes file = view.slice(0, 14);
  const auto put = [&](std::uint32_t value, int count) {
    for (int i = 0; i < count; ++i) file.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  };
  for (const std::uint32_t value : {usual_header, view.le16(18), view.le16(20), 1 | bits << 16}) put(value, 4);
  put(0, 4);
  file.resize(14 + usual_header);
  for (std::uint32_t i = 0; i < entries; ++i) put(view.le24(14 + core_header + 3 * i), 4);
  for (int i = 0; i < 4; ++i) file[10 + std::size_t(i)] = static_cast<std::uint8_t>(file.size() >> 8 * i);
  const std::uint64_t pixels = view.le32(10);
  const Bytes rest = view.slice(pixels, view.size() - std::min(pixels, view.size()));
  file.insert(file.end(), rest.begin(), rest.end());
  return file;
}

/// imgcodecs gives one channel where every palette entry is grey.
bool grey_palette(const ByteView& view, std::uint32_t header, unsigned bits) {
  const bool core = header == core_header;
  const unsigned stride = core ? 3 : 4;
  std::uint32_t count = core ? 0 : view.le32(46);
  if (count == 0 || count > 256) count = 1u << bits;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t at = 14ull + header + std::uint64_t(i) * stride;
    if (view.u8(at) != view.u8(at + 1) || view.u8(at) != view.u8(at + 2)) return false;
  }
  return true;
}

}  // namespace

ImageInfo bmp_info(const Bytes& bytes) {
  const ByteView view(bytes, "BMP");
  if (!view.equal(0, "BM")) view.fail("no BMP signature");
  const std::uint32_t header = view.le32(14);
  const bool core = header == core_header;
  if (!core && header < 36) view.fail("unknown header");
  // A negative height means rows from the top.
  const std::int64_t width = core ? view.le16(18) : static_cast<std::int32_t>(view.le32(18));
  const std::int64_t height = core ? view.le16(20) : std::abs(std::int64_t(static_cast<std::int32_t>(view.le32(22))));
  const unsigned bits = view.le16(core ? 24 : 28);
  if (bits != 1 && bits != 4 && bits != 8 && bits != 16 && bits != 24 && bits != 32)
    view.unsupported(std::to_string(bits) + " bits per pixel");
  ImageInfo info;
  info.format = "bmp";
  info.width = view.side(static_cast<std::uint64_t>(width));
  info.height = view.side(static_cast<std::uint64_t>(height));
  if (has_masks(view)) check_masks(view);
  info.channels = bits <= 8 && grey_palette(view, header, bits) ? 1 : has_alpha(view) ? 4 : 3;
  info.details.emplace_back("bits per pixel", std::to_string(bits));
  return info;
}

void bmp_finish(const Bytes& bytes, Image& image) {
  const ByteView view(bytes, "BMP");
  const ImageInfo info = bmp_info(bytes);
  cv::Mat& pixels = image.pixels;
  if (info.channels == 3 && pixels.channels() == 1) pixels = decode_with_imgcodecs(with_usual_header(view), info);
  if (info.channels == 3 && pixels.channels() == 4) cv::cvtColor(pixels, pixels, cv::COLOR_BGRA2BGR);
  if (is_rgb_taken_for_bgr(view)) cv::cvtColor(pixels, pixels, cv::COLOR_RGB2BGR);
  read_bmp_metadata(bytes, image);
}

Bytes bmp_write(const Image& image, const Params&, Losses& lost) {
  Metadata meta = image.meta;
  meta.density = {};
  lose_metadata(meta, lost);
  Bytes file = encode_with_imgcodecs(without_alpha(with_depth(image.pixels, CV_8U, lost), lost), ".bmp");
  if (image.meta.density.known()) write_bmp_density(image.meta.density, file);
  return file;
}

}  // namespace calotype
