// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <string>
#include <utility>
#include <vector>

#include "calotype/export.hpp"

namespace calotype {

using Bytes = std::vector<std::uint8_t>;

/// What travels with the pixels and every stage hands on untouched. Blobs are the payload alone, without the carrier
/// format's framing: `exif` starts with the TIFF header ("II*\0" or "MM\0*"), `xmp` is the XML packet, `icc` the
/// profile.
struct Metadata {
  Bytes icc, exif, xmp;
  std::vector<std::pair<std::string, std::string>> text;  ///< keyword and UTF-8 value (PNG tEXt/iTXt, JPEG comment)
};

/// One answer of a classifier.
struct Label {
  std::string name;
  double score = 0;  ///< 0..1
};

/// The one value that flows through pipelines. Moved between stages, never copied; cv::Mat shares its pixels, so a
/// stage that writes in place must own them (`clone()` when the caller may keep a reference).
struct Image {
  cv::Mat pixels;  ///< 1, 3 or 4 channels; CV_8U, CV_16U or CV_32F (0..1); BGR(A) order, alpha not premultiplied
  cv::Mat mask;    ///< optional CV_8U, same size; written by segmentation, read by inpainting (white: repair)
  std::vector<Label> labels;  ///< optional, written by classification, best first
  Metadata meta;
  /// Of the JPEG file that the samples were decoded from, 1..100 as libjpeg counts, by its tables; 0: none, or not
  /// known any more.
  int jpeg_quality = 0;

  bool empty() const { return pixels.empty(); }
};

/// What a decoder knows from the header alone.
struct ImageInfo {
  std::string format;  ///< the decoder's name
  int width = 0, height = 0;
  int channels = 0;   ///< of the decoded picture: 1, 3 or 4
  int bit_depth = 8;  ///< per channel of the decoded picture: 8, 16 or 32 (float)
  std::vector<std::pair<std::string, std::string>> details;  ///< format-specific facts for people, in reading order
};

/// Throws ErrorCode::unsupported unless channels and depth are as documented for Image::pixels and the sizes agree.
CALOTYPE_API void validate(const Image& image);

/// EXIF orientation (1..8), 1 when the block has none or cannot be parsed. Bounded, never throws on bad bytes.
CALOTYPE_API int exif_orientation(const Bytes& exif);
/// Turns the pixels (and mask) upright and sets the EXIF tag to 1, so that orientation is applied exactly once.
CALOTYPE_API void apply_orientation(Image& image);

}  // namespace calotype
