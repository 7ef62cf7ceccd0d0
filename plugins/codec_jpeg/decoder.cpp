// SPDX-License-Identifier: Apache-2.0
#include "decoder.hpp"

#include <opencv2/core.hpp>

#include "calotype/colour.hpp"
#include "calotype/log.hpp"
#include "decompressor.hpp"
#include "metadata.hpp"
#include "quality.hpp"
#include "scans.hpp"

namespace calotype {
namespace {

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

}  // namespace

std::vector<ParamSpec> JpegDecoder::params() {
  return {{"lenient", false, "Decode what can be had of a damaged file.", {}, {}, {}}};
}

ImageInfo JpegDecoder::probe(const Bytes& bytes) const {
  Decompressor jpeg;
  jpeg.read_header(bytes);
  const auto& codec = jpeg.codec;
  ImageInfo info;
  info.format = "jpeg";
  info.width = static_cast<int>(codec.image_width);
  info.height = static_cast<int>(codec.image_height);
  info.channels = codec.jpeg_color_space == JCS_GRAYSCALE ? 1 : 3;
  info.orientation = read_orientation(bytes);
  info.details.emplace_back("colour", colour_name(codec.jpeg_color_space));
  info.details.emplace_back("process", codec.progressive_mode ? "progressive" : "sequential");
  if (const int quality = quality_of(codec)) info.details.emplace_back("quality", std::to_string(quality));
  if (codec.num_components >= 3) info.details.emplace_back("subsampling", subsampling(codec));
  return info;
}

Image JpegDecoder::decode(const Bytes& bytes, const Params& params) {
  Decompressor jpeg;
  jpeg.read_header(bytes);
  auto& codec = jpeg.codec;
  colour_name(codec.jpeg_color_space);  // refuses what it does not know
  Image image;
  image.meta = read_metadata(bytes, image.lost);
  image.jpeg_quality = quality_of(codec);

  const bool cmyk = is_cmyk(codec), inverted = codec.saw_Adobe_marker;  // as Adobe stores inks
  const bool grey = codec.jpeg_color_space == JCS_GRAYSCALE;
  codec.out_color_space = cmyk ? JCS_CMYK : grey ? JCS_GRAYSCALE : JCS_EXT_BGR;
  image.pixels.create(static_cast<int>(codec.image_height), static_cast<int>(codec.image_width),
                      cmyk   ? CV_8UC4
                      : grey ? CV_8UC1
                             : CV_8UC3);
  read_scans(jpeg, bytes, params.get<bool>("lenient"), image.pixels, image.lost);
  if (*jpeg.errors.warning) log(LogLevel::info, std::string("JPEG: ") + jpeg.errors.warning);
  if (cmyk) {
    if (inverted) cv::bitwise_not(image.pixels, image.pixels);
    image.pixels = bgr_from_cmyk(image.pixels, image.meta.icc, image.lost);
    image.meta.icc.clear();
  }
  return image;
}

}  // namespace calotype
