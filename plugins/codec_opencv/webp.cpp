// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <string_view>

#include "../common/behind.hpp"
#include "../common/exif.hpp"
#include "../common/lost_metadata.hpp"
#include "../common/samples.hpp"
#include "../common/text.hpp"
#include "calotype/colour.hpp"
#include "formats.hpp"
#include "imgcodecs.hpp"
#include "riff.hpp"

namespace calotype {
namespace {

constexpr int max_side = 16383;

/// The chunks of a file. Throws corrupt for what is no WebP.
std::vector<RiffChunk> chunks_of(const ByteView& view) {
  if (!view.equal(0, "RIFF") || !view.equal(8, "WEBP")) view.fail("no WebP signature");
  return riff_chunks(view, riff_header, std::min<std::uint64_t>(8ull + view.le32(4), view.size()));
}

const RiffChunk* find(const std::vector<RiffChunk>& chunks, const char* id) {
  const auto found = std::find_if(chunks.begin(), chunks.end(), [&](const RiffChunk& c) { return c.id == id; });
  return found == chunks.end() ? nullptr : &*found;
}

/// Of its payload's first bytes.
bool lossless_has_alpha(const ByteView& view, std::uint64_t at) { return view.le32(at + 1) >> 28 & 1; }

/// The first of an animation.
struct Frame {
  cv::Rect place;
  std::vector<RiffChunk> chunks;
  bool alpha = false;

  bool covers(const ImageInfo& canvas) const { return place == cv::Rect(0, 0, canvas.width, canvas.height); }
};

Frame first_frame(const ByteView& view, const ImageInfo& canvas) {
  constexpr std::uint64_t kHeader = 16;
  const auto chunks = chunks_of(view);
  const RiffChunk* found = find(chunks, "ANMF");
  if (!found) view.fail("an animation without frames");
  const auto number = [&](std::uint64_t at) { return static_cast<int>(view.le24(found->at + at)); };
  Frame frame{{2 * number(0), 2 * number(3), number(6) + 1, number(9) + 1},
              riff_chunks(view, found->at + kHeader, found->at + found->size),
              false};
  if ((frame.place & cv::Rect(0, 0, canvas.width, canvas.height)) != frame.place)
    view.fail("a frame beyond the picture");
  const RiffChunk* lossless = find(frame.chunks, "VP8L");
  frame.alpha = lossless ? lossless_has_alpha(view, lossless->at) : find(frame.chunks, "ALPH") != nullptr;
  return frame;
}

/// A file of the frame alone.
Bytes still(const ByteView& view, const Frame& frame) {
  Bytes file = begin_webp();
  if (find(frame.chunks, "ALPH"))
    append_riff_chunk(file, "VP8X", webp_features(webp_alpha, frame.place.width, frame.place.height));
  for (const RiffChunk& chunk : frame.chunks)
    if (chunk.id == "ALPH" || chunk.id == "VP8 " || chunk.id == "VP8L")
      append_riff_chunk(file, chunk.id, view.slice(chunk.at, chunk.size));
  finish_webp(file);
  return file;
}

bool is_animation(const ByteView& view) {
  return view.equal(riff_header, "VP8X") && view.u8(riff_header + 8) & webp_animation;
}

void read_metadata(const ByteView& view, const RiffChunk& chunk, Metadata& meta, Losses& lost) {
  const bool icc = chunk.id == "ICCP", exif = chunk.id == "EXIF", xmp = chunk.id == "XMP ";
  if (!chunk.whole)
    return lost.add(icc    ? LossKind::icc
                    : exif ? LossKind::exif
                    : xmp  ? LossKind::xmp
                           : LossKind::extra,
                    "the file is cut short, and with it what follows the picture");
  const Bytes payload = view.slice(chunk.at, chunk.size);
  if (icc && meta.icc.empty()) meta.icc = payload;
  if (xmp && meta.xmp.empty()) meta.xmp = payload;
  if (exif && meta.exif.empty()) {
    meta.exif = exif_block({reinterpret_cast<const char*>(payload.data()), payload.size()});
    if (meta.exif.empty()) lost.add(LossKind::exif, "EXIF that is none is left out");
  }
}

bool is_known(const std::string& id) {
  static constexpr std::string_view known[] = {"VP8X", "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF", "ICCP", "EXIF", "XMP "};
  return std::find(std::begin(known), std::end(known), id) != std::end(known);
}

/// Rewrites a plain WebP as an extended one that holds the metadata.
Bytes with_metadata(const Bytes& plain, const ImageInfo& info, const Metadata& meta) {
  const ByteView view(plain, "WebP");
  const std::uint32_t features = (meta.icc.empty() ? 0u : webp_icc) | (meta.exif.empty() ? 0u : webp_exif) |
                                 (meta.xmp.empty() ? 0u : webp_xmp) | (info.channels == 4 ? webp_alpha : 0u);
  Bytes file = begin_webp();
  append_riff_chunk(file, "VP8X", webp_features(features, info.width, info.height));
  if (!meta.icc.empty()) append_riff_chunk(file, "ICCP", meta.icc);
  for (const RiffChunk& chunk : chunks_of(view))
    if (chunk.id != "VP8X") append_riff_chunk(file, chunk.id, view.slice(chunk.at, chunk.size));
  if (!meta.exif.empty()) append_riff_chunk(file, "EXIF", meta.exif);
  if (!meta.xmp.empty()) append_riff_chunk(file, "XMP ", meta.xmp);
  finish_webp(file);
  return file;
}

void lose_what_has_no_place(Metadata meta, Losses& lost) {
  meta.icc.clear();
  meta.xmp.clear();
  if (exif_density(meta.exif).known()) meta.density = {};
  meta.exif.clear();
  lose_metadata(meta, lost);
}

}  // namespace

ImageInfo webp_info(const Bytes& bytes) {
  const ByteView view(bytes, "WebP");
  const auto chunks = chunks_of(view);
  const std::uint64_t at = riff_header + 8;  // the first chunk's payload
  ImageInfo info;
  info.format = "webp";
  info.channels = 3;
  if (view.equal(riff_header, "VP8X")) {
    info.width = view.side(view.le24(at + 4) + 1);
    info.height = view.side(view.le24(at + 7) + 1);
    if (is_animation(view)) {
      const Frame frame = first_frame(view, info);
      if (frame.alpha || !frame.covers(info)) info.channels = 4;
      info.details.emplace_back("kind", "animation");
    } else {
      if (view.u8(at) & webp_alpha) info.channels = 4;
      info.details.emplace_back("kind", "extended");
    }
  } else if (view.equal(riff_header, "VP8L")) {
    const std::uint32_t fields = view.le32(at + 1);  // 14 bits each
    info.width = view.side((fields & 0x3FFF) + 1);
    info.height = view.side((fields >> 14 & 0x3FFF) + 1);
    if (lossless_has_alpha(view, at)) info.channels = 4;
    info.details.emplace_back("kind", "lossless");
  } else if (view.equal(riff_header, "VP8 ")) {
    info.width = view.side(view.le16(at + 6) & 0x3FFF);
    info.height = view.side(view.le16(at + 8) & 0x3FFF);
    info.details.emplace_back("kind", "lossy");
  } else {
    view.fail("no picture");
  }
  if (const RiffChunk* exif = find(chunks, "EXIF"))
    info.orientation = exif_orientation(
        exif_block({reinterpret_cast<const char*>(bytes.data()) + exif->at, static_cast<std::size_t>(exif->size)}));
  return info;
}

cv::Mat webp_pixels(const Bytes& bytes, const ImageInfo& info) {
  const ByteView view(bytes, "WebP");
  if (!is_animation(view)) return decode_with_imgcodecs(bytes, info);
  const Frame frame = first_frame(view, info);
  ImageInfo inner = info;
  inner.width = frame.place.width;
  inner.height = frame.place.height;
  cv::Mat picture = decode_with_imgcodecs(still(view, frame), inner);
  if (frame.covers(info)) return picture;
  if (picture.channels() == 3) cv::cvtColor(picture, picture, cv::COLOR_BGR2BGRA);
  cv::Mat canvas(info.height, info.width, CV_8UC4, cv::Scalar::all(0));
  picture.copyTo(canvas(frame.place));
  return canvas;
}

void webp_finish(const Bytes& bytes, Image& image) {
  const ByteView view(bytes, "WebP");
  const auto chunks = chunks_of(view);
  for (const RiffChunk& chunk : chunks) {
    read_metadata(view, chunk, image.meta, image.lost);
    if (!is_known(chunk.id)) image.lost.add(LossKind::extra, "data of a kind that is not known here is left out");
  }
  const auto frames = std::count_if(chunks.begin(), chunks.end(), [](const RiffChunk& c) { return c.id == "ANMF"; });
  if (frames > 1) image.lost.add(LossKind::frames, further_left_out(frames - 1, "frame"));
  lose_bytes_behind(bytes, 8 + std::size_t(view.le32(4)), image.lost);
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
  Image colour = image;
  colour.pixels = with_depth(image.pixels, CV_8U, lost);
  colour.lost = {};
  to_colour(colour);
  lost.add(colour.lost);
  lose_what_has_no_place(image.meta, lost);
  const Bytes plain = encode_with_imgcodecs(colour.pixels, ".webp", {cv::IMWRITE_WEBP_QUALITY, quality});
  const Metadata& meta = colour.meta;
  if (meta.icc.empty() && meta.exif.empty() && meta.xmp.empty()) return plain;
  return with_metadata(plain, webp_info(plain), meta);
}

}  // namespace calotype
