// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>

#include "../common/samples.hpp"
#include "bmp_metadata.hpp"
#include "byte_view.hpp"
#include "formats.hpp"
#include "imgcodecs.hpp"

namespace calotype {
namespace {

constexpr std::uint32_t core_header = 12;

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
  if (bits != 1 && bits != 4 && bits != 8 && bits != 15 && bits != 16 && bits != 24 && bits != 32)
    view.unsupported(std::to_string(bits) + " bits per pixel");
  ImageInfo info;
  info.format = "bmp";
  info.width = view.side(static_cast<std::uint64_t>(width));
  info.height = view.side(static_cast<std::uint64_t>(height));
  info.channels = bits <= 8 && grey_palette(view, header, bits) ? 1 : 3;
  info.details.emplace_back("bits per pixel", std::to_string(bits));
  return info;
}

void bmp_finish(const Bytes& bytes, Image& image) { read_bmp_metadata(bytes, image); }

Bytes bmp_write(const Image& image, const Params&, Losses& lost) {
  Metadata meta = image.meta;
  meta.density = {};
  lose_metadata(meta, lost);
  Bytes file = encode_with_imgcodecs(without_alpha(with_depth(image.pixels, CV_8U, lost), lost), ".bmp");
  if (image.meta.density.known()) write_bmp_density(image.meta.density, file);
  return file;
}

}  // namespace calotype
