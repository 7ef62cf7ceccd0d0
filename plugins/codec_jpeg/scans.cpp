// SPDX-License-Identifier: Apache-2.0
#include "scans.hpp"

#include <algorithm>
#include <opencv2/core.hpp>
#include <optional>

#include "segments.hpp"

namespace calotype {
namespace {

/// More than any encoder writes; each costs a pass over the whole picture.
constexpr int kMostScans = 500;
/// More bytes than an encoder leaves between the picture's data and a marker.
constexpr std::size_t kMostGap = 16;

/// What is behind a picture of which all data has been read.
struct Tail {
  bool has_end = false, has_scan = false;  ///< which marker comes first, beside those that mean nothing any more
  std::size_t begin = 0;                   ///< of what is no part of the picture
};

/// From where libjpeg stands.
Tail tail_of(const Decompressor& jpeg, const Bytes& file) {
  if (jpeg.errors.at_end) return {false, false, file.size()};
  const std::size_t met = jpeg.codec.unread_marker ? 2 : 0;  // a marker that is still to be looked at
  const std::size_t at = file.size() - jpeg.codec.src->bytes_in_buffer - met;
  Segments segments(file, at);
  while (segments.next() && segments.gap() <= kMostGap) continue;
  const int found = segments.gap() <= kMostGap ? segments.marker() : 0;
  return {found == marker::eoi, found == marker::sos, found == marker::eoi ? segments.position() : at};
}

void report(const Tail& tail, const Bytes& file, Losses& lost) {
  if (!tail.has_end) lost.add(LossKind::extra, "the end marker is missing, though nothing of the picture is");
  const auto is_padding = [](std::uint8_t byte) {
    return byte == 0 || byte == 0xFF || byte == ' ' || (byte >= '\t' && byte <= '\r');
  };
  if (std::all_of(file.begin() + std::ptrdiff_t(tail.begin), file.end(), is_padding)) return;
  lost.add(LossKind::extra, std::to_string(file.size() - tail.begin) +
                                " bytes behind the picture are left out (a motion photo's video, a gain map or another "
                                "picture)");
}

/// How many rows of pixels a row of blocks makes.
int block_rows(const jpeg_decompress_struct& codec) { return codec.max_v_samp_factor * DCTSIZE; }

/// The row behind those that damage at row `y` spoils: it ends at a restart marker.
int end_of_damage(const jpeg_decompress_struct& codec, int y) {
  const int height = int(codec.output_height);
  if (codec.restart_interval == 0) return height;
  const std::int64_t blocks = (std::int64_t(codec.restart_interval) - 1) / codec.MCUs_per_row + 1;
  return int(std::min<std::int64_t>(height, y + blocks * block_rows(codec)));
}

/// All rows of samples; how many of them are spoilt by damage that is found meanwhile.
int read_rows(Decompressor& jpeg, cv::Mat& pixels) {
  auto& codec = jpeg.codec;
  int spoilt = 0, until = 0;
  while (codec.output_scanline < codec.output_height) {
    const int before = jpeg.errors.damages;
    JSAMPROW row = pixels.ptr(int(codec.output_scanline));
    jpeg_read_scanlines(&codec, &row, 1);
    const bool ends = codec.unread_marker == JPEG_EOI && codec.output_iMCU_row < codec.total_iMCU_rows;
    if (jpeg.errors.damages == before && !(jpeg.errors.damages && ends)) continue;
    const int from = std::max(until, (int(codec.output_iMCU_row) - 1) * block_rows(codec));
    until = std::max(until, ends ? int(codec.output_height) : end_of_damage(codec, from));
    spoilt += std::max(0, until - from);
  }
  return spoilt;
}

void report_rows(int count, const jpeg_decompress_struct& codec, const char* what, Losses& lost) {
  lost.add(LossKind::pixels,
           "about " + std::to_string(count) + " of " + std::to_string(codec.output_height) + " rows " + what);
}
constexpr const char *kMissing = "are missing or damaged", *kBlurred = "lack details";

/// A picture whose data comes in one go, which is how it is decoded.
void read_single_scan(Decompressor& jpeg, const Bytes& file, cv::Mat& pixels, Losses& lost) {
  int spoilt = 0;
  guarded(jpeg.errors, jpeg.codec, [&] {
    jpeg_start_decompress(&jpeg.codec);
    spoilt = read_rows(jpeg, pixels);
  });
  if (spoilt) report_rows(spoilt, jpeg.codec, kMissing, lost);
  const Tail tail = tail_of(jpeg, file);
  if (!spoilt || tail.has_end) report(tail, file, lost);
}

/// Every component has been in a scan, in progressive files with its mean values.
bool has_all_components(const jpeg_decompress_struct& codec) {
  for (int c = 0; c < codec.num_components; ++c)
    if (!codec.comp_info[c].quant_table || (codec.coef_bits && codec.coef_bits[c][0] < 0)) return false;
  return true;
}

/// Nothing is left for further scans to say.
bool is_complete(const jpeg_decompress_struct& codec) {
  if (!has_all_components(codec)) return false;
  for (int c = 0; codec.coef_bits && c < codec.num_components; ++c)
    if (!std::all_of(codec.coef_bits[c], codec.coef_bits[c] + DCTSIZE2, [](int left) { return left == 0; }))
      return false;
  return true;
}

/// What libjpeg takes over from a second frame header before it refuses it, in versions before 3.
class FrameHeader {
 public:
  explicit FrameHeader(const jpeg_decompress_struct& codec)
      : width_(codec.image_width),
        height_(codec.image_height),
        components_(codec.num_components),
        precision_(codec.data_precision),
        progressive_(codec.progressive_mode),
        arithmetic_(codec.arith_code) {}
  void restore(jpeg_decompress_struct& codec) const {
    codec.image_width = width_;
    codec.image_height = height_;
    codec.num_components = components_;
    codec.data_precision = precision_;
    codec.progressive_mode = progressive_;
    codec.arith_code = arithmetic_;
  }

 private:
  JDIMENSION width_, height_;
  int components_, precision_;
  boolean progressive_, arithmetic_;
};

/// A picture in several scans, which are collected before the first row is decoded.
class ManyScans {
 public:
  ManyScans(Decompressor& jpeg, const Bytes& file) : jpeg_(jpeg), codec_(jpeg.codec), file_(file) {}

  void read(cv::Mat& pixels, Losses& lost) {
    const FrameHeader header(codec_);
    try {
      guarded(jpeg_.errors, codec_, [&] { collect(); });
    } catch (const Error& e) {
      if (!started_ || !jpeg_.errors.lenient || e.code() != ErrorCode::corrupt) throw;
      damaged_ = true;
      header.restore(codec_);
    }
    if (damaged_) report_rows(int(codec_.image_height) - row_, codec_, has_all_ ? kBlurred : kMissing, lost);
    if (tail_) report(*tail_, file_, lost);
    guarded(jpeg_.errors, codec_, [&] {
      codec_.unread_marker = JPEG_EOI;
      while (!jpeg_input_complete(&codec_)) jpeg_consume_input(&codec_);
      jpeg_start_output(&codec_, codec_.input_scan_number);
      read_rows(jpeg_, pixels);
    });
  }

 private:
  /// Until the picture is complete, or the file ends.
  void collect() {
    codec_.buffered_image = TRUE;
    jpeg_start_decompress(&codec_);
    started_ = true;
    for (int event = JPEG_REACHED_SOS; event != JPEG_REACHED_EOI && !tail_;) {
      const bool between_scans = codec_.input_iMCU_row >= codec_.total_iMCU_rows;
      if (!damaged_) row_ = between_scans ? 0 : int(codec_.input_iMCU_row) * block_rows(codec_);
      event = jpeg_consume_input(&codec_);
      damaged_ = jpeg_.errors.damages > 0;
      if (event == JPEG_SCAN_COMPLETED) finish_scan();
    }
    if (tail_) return;
    if (!jpeg_.errors.at_end) tail_ = Tail{true, false, file_.size() - codec_.src->bytes_in_buffer};
    if (damaged_ || (tail_ && has_all_)) return;
    damaged_ = true;
    if (!jpeg_.errors.lenient) throw Error(ErrorCode::corrupt, "JPEG: a part of the picture is missing", kDamagedHint);
  }

  void finish_scan() {
    if (codec_.input_scan_number >= kMostScans)
      throw Error(ErrorCode::limit, "JPEG: too many scans", "rewrite it with fewer scans");
    if (damaged_) return;
    has_all_ = has_all_components(codec_);
    if (!is_complete(codec_)) return;
    const Tail tail = tail_of(jpeg_, file_);
    if (!tail.has_scan) tail_ = tail;
  }

  Decompressor& jpeg_;
  jpeg_decompress_struct& codec_;
  const Bytes& file_;
  std::optional<Tail> tail_;
  bool started_ = false, damaged_ = false;
  bool has_all_ = false;  ///< has_all_components(), as far as nothing is damaged
  int row_ = 0;           ///< where the damage begins
};

}  // namespace

void read_scans(Decompressor& jpeg, const Bytes& file, bool lenient, cv::Mat& pixels, Losses& lost) {
  jpeg.errors.lenient = lenient;
  jpeg.errors.end_is_damage = jpeg.codec.arith_code;  // whose data may end anywhere, and says nothing when it does
  if (jpeg_has_multiple_scans(&jpeg.codec))
    ManyScans(jpeg, file).read(pixels, lost);
  else
    read_single_scan(jpeg, file, pixels, lost);
}

}  // namespace calotype
