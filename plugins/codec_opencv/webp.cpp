// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "../common/samples.hpp"
#include "byte_view.hpp"
#include "formats.hpp"
#include "imgcodecs.hpp"

namespace calotype {
namespace {

constexpr int max_side = 16383;
constexpr std::size_t riff_header = 12;
/// Bits of the VP8X chunk's first byte.
enum Feature : std::uint32_t { animation = 0x02, xmp = 0x04, exif = 0x08, alpha = 0x10, icc = 0x20 };

struct Chunk {
  std::string id;
  std::uint64_t at, size;  ///< of the payload
};

std::vector<Chunk> chunks_of(const ByteView& view) {
  if (!view.equal(0, "RIFF") || !view.equal(8, "WEBP")) view.fail("no WebP signature");
  std::vector<Chunk> chunks;
  for (std::uint64_t at = riff_header; view.has(at, 8) && chunks.size() < 1000;) {
    const Bytes id = view.slice(at, 4);
    const std::uint64_t size = view.le32(at + 4);
    if (!view.has(at + 8, size)) break;  // the decoder says what is wrong
    chunks.push_back({std::string(id.begin(), id.end()), at + 8, size});
    at += 8 + size + size % 2;
  }
  return chunks;
}

void put(Bytes& to, std::uint32_t value, int count) {
  for (int i = 0; i < count; ++i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void put_chunk(Bytes& to, const std::string& id, const Bytes& payload) {
  to.insert(to.end(), id.begin(), id.end());
  put(to, static_cast<std::uint32_t>(payload.size()), 4);
  to.insert(to.end(), payload.begin(), payload.end());
  if (payload.size() % 2) to.push_back(0);
}

/// Rewrites a plain WebP as an extended one that holds the metadata.
Bytes with_metadata(const Bytes& plain, const ImageInfo& info, const Metadata& meta) {
  const ByteView view(plain, "WebP");
  Bytes features;
  put(features,
      (meta.icc.empty() ? 0u : icc) | (meta.exif.empty() ? 0u : exif) | (meta.xmp.empty() ? 0u : xmp) |
          (info.channels == 4 ? alpha : 0u),
      4);
  put(features, static_cast<std::uint32_t>(info.width - 1), 3);
  put(features, static_cast<std::uint32_t>(info.height - 1), 3);
  Bytes file(plain.begin(), plain.begin() + riff_header);
  put_chunk(file, "VP8X", features);
  if (!meta.icc.empty()) put_chunk(file, "ICCP", meta.icc);
  for (const Chunk& chunk : chunks_of(view))
    if (chunk.id != "VP8X") put_chunk(file, chunk.id, view.slice(chunk.at, chunk.size));
  if (!meta.exif.empty()) put_chunk(file, "EXIF", meta.exif);
  if (!meta.xmp.empty()) put_chunk(file, "XMP ", meta.xmp);
  for (int i = 0; i < 4; ++i)
    file[4 + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>((file.size() - 8) >> (8 * i));
  return file;
}

}  // namespace

ImageInfo webp_info(const Bytes& bytes) {
  const ByteView view(bytes, "WebP");
  if (!view.equal(0, "RIFF") || !view.equal(8, "WEBP")) view.fail("no WebP signature");
  const std::uint64_t at = riff_header + 8;  // the first chunk's payload
  ImageInfo info;
  info.format = "webp";
  info.channels = 3;
  if (view.equal(riff_header, "VP8X")) {
    if (view.u8(at) & animation) view.unsupported("an animation");
    info.width = view.side(view.le24(at + 4) + 1);
    info.height = view.side(view.le24(at + 7) + 1);
    if (view.u8(at) & alpha) info.channels = 4;
    info.details.emplace_back("kind", "extended");
  } else if (view.equal(riff_header, "VP8L")) {
    const std::uint32_t fields = view.le32(at + 1);  // 14 bits each and one for alpha
    info.width = view.side((fields & 0x3FFF) + 1);
    info.height = view.side((fields >> 14 & 0x3FFF) + 1);
    if (fields >> 28 & 1) info.channels = 4;
    info.details.emplace_back("kind", "lossless");
  } else if (view.equal(riff_header, "VP8 ")) {
    info.width = view.side(view.le16(at + 6) & 0x3FFF);
    info.height = view.side(view.le16(at + 8) & 0x3FFF);
    info.details.emplace_back("kind", "lossy");
  } else {
    view.fail("no picture");
  }
  return info;
}

void webp_finish(const Bytes& bytes, Image& image) {
  const ByteView view(bytes, "WebP");
  for (const Chunk& chunk : chunks_of(view)) {
    if (chunk.id == "ICCP") image.meta.icc = view.slice(chunk.at, chunk.size);
    if (chunk.id == "XMP ") image.meta.xmp = view.slice(chunk.at, chunk.size);
    if (chunk.id == "EXIF") {  // some writers keep JPEG's prefix
      const std::uint64_t skip = view.equal(chunk.at, std::string("Exif\0\0", 6)) ? 6 : 0;
      image.meta.exif = view.slice(chunk.at + skip, chunk.size - std::min(skip, chunk.size));
    }
  }
}

std::vector<ParamSpec> webp_params() {
  return {{"quality", std::int64_t(80), "Quality of lossy compression; 100 is the best and largest.", 1, 100, {}},
          {"lossless", false, "Keep every visible pixel exactly; quality is not used.", {}, {}, {}}};
}

Bytes webp_write(const Image& image, const Params& params, Losses& lost) {
  if (std::max(image.pixels.cols, image.pixels.rows) > max_side)
    throw Error(ErrorCode::unsupported, "WebP: a side is longer than " + std::to_string(max_side) + " pixels",
                "resize the picture or write PNG");
  const int lossless = 101;  // imgcodecs: anything above 100
  const int quality = params.get<bool>("lossless") ? lossless : params.get<int>("quality");
  const Bytes plain =
      encode_with_imgcodecs(with_depth(image.pixels, CV_8U, lost), ".webp", {cv::IMWRITE_WEBP_QUALITY, quality});
  const Metadata& meta = image.meta;
  if (!meta.text.empty()) lost.add(LossKind::text, "text has no place in this format");
  if (meta.icc.empty() && meta.exif.empty() && meta.xmp.empty()) return plain;
  return with_metadata(plain, webp_info(plain), meta);
}

}  // namespace calotype
