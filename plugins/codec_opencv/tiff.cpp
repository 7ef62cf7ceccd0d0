// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <opencv2/imgproc.hpp>

#include "../common/lost_metadata.hpp"
#include "../common/samples.hpp"
#include "byte_view.hpp"
#include "calotype/log.hpp"
#include "formats.hpp"
#include "imgcodecs.hpp"

namespace calotype {
namespace {

enum Tag : std::uint32_t {
  tag_width = 256,
  tag_height = 257,
  tag_bits = 258,
  tag_photometric = 262,
  tag_orientation = 274,
  tag_samples = 277,
  tag_rows_per_strip = 278,
  tag_planar = 284,
  tag_tile_width = 322,
  tag_tile_height = 323,
  tag_extra_samples = 338,
  tag_sample_format = 339,
  tag_xmp = 700,
  tag_icc = 34675,
};
enum Photometric : std::uint32_t { white_is_zero = 0, black_is_zero = 1, rgb = 2, palette = 3, separated = 5 };
enum Alpha : std::uint32_t { premultiplied = 1, straight = 2 };

/// The first directory of a classic TIFF file.
class Directory {
 public:
  explicit Directory(const Bytes& bytes) : view_(bytes, "TIFF"), little_(view_.equal(0, "II")) {
    if (!little_ && !view_.equal(0, "MM")) view_.fail("no TIFF signature");
    if (u16(2) == 43) view_.unsupported("BigTIFF");
    if (u16(2) != 42) view_.fail("no TIFF signature");
    const std::uint64_t at = u32(4);
    const unsigned count = u16(at);
    for (unsigned i = 0; i < count; ++i) {
      const std::uint64_t entry = at + 2 + 12ull * i;
      entries_.emplace(u16(entry), Entry{u16(entry + 2), u32(entry + 4), entry + 8});
    }
  }
  const ByteView& view() const { return view_; }

  /// A number, the first of a list; `fallback` when the tag is missing.
  std::uint32_t number(Tag tag, std::uint32_t fallback) const {
    const auto found = entries_.find(tag);
    if (found == entries_.end() || found->second.count == 0) return fallback;
    const Entry& entry = found->second;
    const unsigned size = size_of(entry.type);
    const std::uint64_t at = std::uint64_t(entry.count) * size <= 4 ? entry.value : u32(entry.value);
    return size == 1 ? view_.u8(at) : size == 2 ? u16(at) : u32(at);
  }
  /// The bytes of a blob; empty when the tag is missing.
  Bytes blob(Tag tag) const {
    const auto found = entries_.find(tag);
    if (found == entries_.end() || size_of(found->second.type) != 1 || found->second.count <= 4) return {};
    return view_.slice(u32(found->second.value), found->second.count);
  }

 private:
  struct Entry {
    std::uint32_t type, count;
    std::uint64_t value;  ///< where the value or its offset lies
  };
  static unsigned size_of(std::uint32_t type) { return type == 3 ? 2 : type == 4 ? 4 : 1; }
  std::uint32_t u16(std::uint64_t at) const { return little_ ? view_.le16(at) : view_.be16(at); }
  std::uint32_t u32(std::uint64_t at) const { return little_ ? view_.le32(at) : view_.be32(at); }

  ByteView view_;
  bool little_;
  std::map<std::uint32_t, Entry> entries_;
};

/// imgcodecs decodes whole strips or tiles, so theirs is the size to bound.
void check_pieces(const Directory& directory, std::uint64_t width, std::uint64_t height) {
  const std::uint64_t piece_width = directory.number(tag_tile_width, 0);
  const std::uint64_t piece_height = directory.number(tag_tile_height, 0);
  constexpr std::uint64_t always_fine = 1 << 20;
  if (piece_width * piece_height > std::max(4 * width * height, always_fine))
    directory.view().fail("tiles far larger than the picture");
}

struct Header {
  std::uint32_t width, height, bits, samples, photometric, format;
  bool turned;  ///< imgcodecs applies the orientation
  int channels() const {
    if (photometric <= black_is_zero) return 1;
    return samples == 4 && photometric != separated ? 4 : 3;
  }
};

Header header_of(const Directory& directory) {
  const Header header{directory.number(tag_width, 0),
                      directory.number(tag_height, 0),
                      directory.number(tag_bits, 1),
                      directory.number(tag_samples, 1),
                      directory.number(tag_photometric, 0),
                      directory.number(tag_sample_format, 1),
                      directory.number(tag_orientation, 1) >= 5};
  const ByteView& view = directory.view();
  view.side(header.width);
  view.side(header.height);
  if (header.samples < 1 || header.samples > 4) view.unsupported(std::to_string(header.samples) + " samples per pixel");
  const bool integer = header.format == 1 || header.format == 4;  // 4: unspecified
  const bool is_float = header.format == 3 && (header.bits == 32 || header.bits == 64);
  const bool small = header.bits <= 8 && 8 % std::max(header.bits, 1u) == 0;
  if (!is_float && !(integer && (small || header.bits == 16)))
    view.unsupported("a sample of " + std::to_string(header.bits) + " bits and format " +
                     std::to_string(header.format));
  // Up to 8 bits libtiff converts; deeper samples imgcodecs takes as they lie in the file.
  if (header.bits > 8 && header.photometric != black_is_zero && header.photometric != rgb)
    view.unsupported("deep colour other than grey and RGB");
  if (header.bits > 8 && header.samples > 1 && directory.number(tag_planar, 1) != 1)
    view.unsupported("deep colour in separate planes");
  if (header.bits > 8 && header.photometric == black_is_zero && header.samples > 1)
    view.unsupported("deep grey with alpha");
  check_pieces(directory, header.width, header.height);
  return header;
}

/// Undoes alpha premultiplication; colour under transparent pixels is lost.
template <class T>
void unpremultiply(cv::Mat& pixels) {
  const double full = full_scale(pixels.depth());
  for (int y = 0; y < pixels.rows; ++y)
    for (int x = 0; x < pixels.cols; ++x) {
      auto& pixel = pixels.at<cv::Vec<T, 4>>(y, x);
      if (pixel[3] > 0)
        for (int c = 0; c < 3; ++c) pixel[c] = cv::saturate_cast<T>(pixel[c] * full / pixel[3]);
    }
}

}  // namespace

ImageInfo tiff_info(const Bytes& bytes) {
  const Directory directory(bytes);
  const Header header = header_of(directory);
  ImageInfo info;
  info.format = "tiff";
  info.width = static_cast<int>(header.turned ? header.height : header.width);
  info.height = static_cast<int>(header.turned ? header.width : header.height);
  info.channels = header.channels();
  info.bit_depth = header.bits > 16 ? 32 : header.bits > 8 ? 16 : 8;
  info.details.emplace_back("stored bits", std::to_string(header.bits));
  info.details.emplace_back("tiles", directory.number(tag_tile_width, 0) ? "yes" : "no");
  return info;
}

void tiff_finish(const Bytes& bytes, Image& image) {
  const Directory directory(bytes);
  const Header header = header_of(directory);
  cv::Mat& pixels = image.pixels;
  if (pixels.depth() == CV_64F) pixels.convertTo(pixels, CV_32F);
  if (header.photometric == separated && pixels.channels() == 4) cv::cvtColor(pixels, pixels, cv::COLOR_BGRA2BGR);
  if (header.channels() == 1 && header.samples > 1)
    log(LogLevel::info, "TIFF: transparency of a grey picture left out");
  if (pixels.channels() == 4) {
    // libtiff's 8-bit path premultiplies straight alpha.
    const std::uint32_t kind = directory.number(tag_extra_samples, 0);
    if (pixels.depth() == CV_8U && kind != 0) unpremultiply<uchar>(pixels);
    if (pixels.depth() == CV_16U && kind == premultiplied) unpremultiply<ushort>(pixels);
    if (pixels.depth() == CV_32F && kind == premultiplied) unpremultiply<float>(pixels);
  }
  image.meta.icc = directory.blob(tag_icc);
  image.meta.xmp = directory.blob(tag_xmp);
}

std::vector<ParamSpec> tiff_params() {
  return {{"compression", std::string("lzw"), "Lossless compression.", {}, {}, {"none", "lzw", "deflate"}}};
}

Bytes tiff_write(const Image& image, const Params& params, Losses& lost) {
  lose_metadata(image.meta, lost);
  const std::string name = params.get<std::string>("compression");
  const int compression = name == "none" ? 1 : name == "lzw" ? 5 : 8;  // as in the TIFF specification
  return encode_with_imgcodecs(image.pixels, ".tiff", {cv::IMWRITE_TIFF_COMPRESSION, compression});
}

}  // namespace calotype
