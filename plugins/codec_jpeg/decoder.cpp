// SPDX-License-Identifier: Apache-2.0
#include "decoder.hpp"

#include <cstdlib>
#include <memory>
#include <opencv2/core.hpp>
#include <string_view>

#include "../common/text.hpp"
#include "calotype/log.hpp"
#include "guard.hpp"
#include "markers.hpp"
#include "quality.hpp"

namespace calotype {
namespace {

/// More than any encoder writes; each scan costs a pass over the whole picture.
constexpr int max_scans = 500;

/// Owns libjpeg's decompressor and the error handler that it points to.
struct Decompressor {
  JpegErrors errors;
  jpeg_progress_mgr progress{};
  jpeg_decompress_struct codec{};

  Decompressor() {
    codec.err = &errors;
    guarded(errors, codec, [&] { jpeg_create_decompress(&codec); });
    progress.progress_monitor = [](j_common_ptr common) {
      if (reinterpret_cast<j_decompress_ptr>(common)->input_scan_number <= max_scans) return;
      common->err->msg_code = too_many_scans;
      common->err->error_exit(common);
    };
    codec.progress = &progress;
  }
  ~Decompressor() { jpeg_destroy_decompress(&codec); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  void read_header(const Bytes& bytes, bool keep_metadata) {
    guarded(errors, codec, [&] {
      jpeg_mem_src(&codec, bytes.data(), static_cast<unsigned long>(bytes.size()));
      if (keep_metadata)
        for (const int marker : {JPEG_APP0 + 1, JPEG_APP0 + 2, JPEG_COM}) jpeg_save_markers(&codec, marker, 0xFFFF);
      jpeg_read_header(&codec, TRUE);
    });
  }
};

bool is_cmyk(const jpeg_decompress_struct& codec) {
  return codec.jpeg_color_space == JCS_CMYK || codec.jpeg_color_space == JCS_YCCK;
}

const char* colour_name(J_COLOR_SPACE space) {
  switch (space) {
    case JCS_GRAYSCALE:
      return "grey";
    case JCS_YCbCr:
      return "YCbCr";
    case JCS_RGB:
      return "RGB";
    case JCS_CMYK:
      return "CMYK";
    case JCS_YCCK:
      return "YCCK";
    default:
      throw Error(ErrorCode::unsupported, "JPEG: unknown colour space",
                  "convert it to grey or RGB with the program that wrote it");
  }
}

std::string subsampling(const jpeg_decompress_struct& codec) {
  const auto& luma = codec.comp_info[0];
  const auto& chroma = codec.comp_info[1];
  const int h = chroma.h_samp_factor ? luma.h_samp_factor / chroma.h_samp_factor : 0;
  const int v = chroma.v_samp_factor ? luma.v_samp_factor / chroma.v_samp_factor : 0;
  if (h == 1 && v == 1) return "4:4:4";
  if (h == 2 && v == 1) return "4:2:2";
  if (h == 2 && v == 2) return "4:2:0";
  return std::to_string(h) + "x" + std::to_string(v);
}

/// Multiplies each ink with black; there is no exact answer without the press's profile. Adobe stores inks inverted.
cv::Mat bgr_from_cmyk(const cv::Mat& cmyk, bool inverted) {
  cv::Mat bgr(cmyk.size(), CV_8UC3);
  cmyk.forEach<cv::Vec4b>([&](const cv::Vec4b& stored, const int* at) {
    const cv::Vec4b light = inverted ? stored : cv::Vec4b::all(255) - stored;
    auto& pixel = bgr.at<cv::Vec3b>(at[0], at[1]);
    for (int c = 0; c < 3; ++c) pixel[c] = static_cast<uchar>((light[2 - c] * light[3] + 127) / 255);
  });
  return bgr;
}

Metadata metadata_of(Decompressor& jpeg) {
  Metadata meta;
  for (const jpeg_marker_struct* marker = jpeg.codec.marker_list; marker; marker = marker->next) {
    const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
    const auto after = [&](std::string_view prefix) { return Bytes(data.begin() + prefix.size(), data.end()); };
    const auto begins = [&](std::string_view prefix) { return data.substr(0, prefix.size()) == prefix; };
    if (marker->marker == JPEG_COM) {
      std::string text(data.substr(0, data.find('\0')));
      meta.text.emplace_back("Comment", looks_like_utf8(text) ? text : utf8_from_latin1(text));
    } else if (marker->marker == JPEG_APP0 + 1 && meta.exif.empty() && begins(exif_prefix)) {
      meta.exif = after(exif_prefix);
    } else if (marker->marker == JPEG_APP0 + 1 && meta.xmp.empty() && begins(xmp_prefix)) {
      meta.xmp = after(xmp_prefix);
    }
  }
  JOCTET* profile = nullptr;
  unsigned int size = 0;
  guarded(jpeg.errors, jpeg.codec, [&] { jpeg_read_icc_profile(&jpeg.codec, &profile, &size); });
  const std::unique_ptr<JOCTET, decltype(&std::free)> owner(profile, &std::free);
  if (profile) meta.icc.assign(profile, profile + size);
  return meta;
}

}  // namespace

ImageInfo JpegDecoder::probe(const Bytes& bytes) const {
  Decompressor jpeg;
  jpeg.read_header(bytes, false);
  const auto& codec = jpeg.codec;
  ImageInfo info;
  info.format = "jpeg";
  info.width = static_cast<int>(codec.image_width);
  info.height = static_cast<int>(codec.image_height);
  info.channels = codec.jpeg_color_space == JCS_GRAYSCALE ? 1 : 3;
  info.details.emplace_back("colour", colour_name(codec.jpeg_color_space));
  info.details.emplace_back("process", codec.progressive_mode ? "progressive" : "sequential");
  if (const int quality = quality_of(codec)) info.details.emplace_back("quality", std::to_string(quality));
  if (codec.num_components >= 3) info.details.emplace_back("subsampling", subsampling(codec));
  return info;
}

Image JpegDecoder::decode(const Bytes& bytes, const Params&) {
  Decompressor jpeg;
  jpeg.read_header(bytes, true);
  auto& codec = jpeg.codec;
  colour_name(codec.jpeg_color_space);  // refuses what it does not know
  Image image;
  image.meta = metadata_of(jpeg);
  image.jpeg_quality = quality_of(codec);

  const bool cmyk = is_cmyk(codec);
  const bool grey = codec.jpeg_color_space == JCS_GRAYSCALE;
  codec.out_color_space = cmyk ? JCS_CMYK : grey ? JCS_GRAYSCALE : JCS_EXT_BGR;
  cv::Mat& pixels = image.pixels;
  pixels.create(static_cast<int>(codec.image_height), static_cast<int>(codec.image_width),
                cmyk   ? CV_8UC4
                : grey ? CV_8UC1
                       : CV_8UC3);
  guarded(jpeg.errors, codec, [&] {
    jpeg_start_decompress(&codec);
    while (codec.output_scanline < codec.output_height) {
      JSAMPROW row = pixels.ptr(static_cast<int>(codec.output_scanline));
      jpeg_read_scanlines(&codec, &row, 1);
    }
    jpeg_finish_decompress(&codec);
  });
  if (cmyk) {
    pixels = bgr_from_cmyk(pixels, codec.saw_Adobe_marker);
    image.meta.icc.clear();
    log(LogLevel::info, "JPEG: CMYK converted to RGB without colour management; its CMYK profile is left out");
  }
  return image;
}

}  // namespace calotype
