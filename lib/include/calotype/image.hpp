// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <string>
#include <utility>
#include <vector>

#include "calotype/export.hpp"
#include "calotype/loss.hpp"

namespace calotype {

using Bytes = std::vector<std::uint8_t>;

/// Pixels per inch; 0: not known.
struct Density {
  double x = 0, y = 0;
  bool known() const { return x > 0 && y > 0; }
};

/// What travels with the pixels and every stage hands on untouched. Blobs are the payload alone, without the carrier
/// format's framing: `exif` starts with the TIFF header ("II*\0" or "MM\0*"), `xmp` is the XML packet, `icc` the
/// profile, `iptc` the IIM data sets (1C 02 ...) without Photoshop's resource around them.
struct Metadata {
  Bytes icc, exif, xmp, iptc;
  std::vector<std::pair<std::string, std::string>> text;  ///< keyword and UTF-8 value (PNG tEXt/iTXt, JPEG comment)
  Density density;
};

/// One answer of a classifier.
struct Label {
  std::string name;
  double score = 0;  ///< 0..1
};

/// The one value that flows through pipelines. Moved between stages, never copied; cv::Mat shares its pixels, so a
/// stage that writes in place must own them (`clone()` when the caller may keep a reference).
struct Image {
  /// Grey, grey and alpha, BGR or BGRA (1 to 4 channels); CV_8U, CV_16U or CV_32F (0..1); alpha not premultiplied.
  cv::Mat pixels;
  cv::Mat mask;  ///< optional CV_8U, same size; written by segmentation, read by inpainting (white: repair)
  std::vector<Label> labels;  ///< optional, written by classification, best first
  Metadata meta;
  /// Of the JPEG file that the samples were decoded from, 1..100 as libjpeg counts, by its tables; 0: none, or not
  /// known any more.
  int jpeg_quality = 0;
  Losses lost;  ///< on its way here; decoders and backbones add to it

  bool empty() const { return pixels.empty(); }
};

/// What a decoder knows from the header alone.
struct ImageInfo {
  std::string format;  ///< the decoder's name
  int width = 0, height = 0;
  int channels = 0;     ///< of the decoded picture, 1 to 4 as for Image::pixels
  int bit_depth = 8;    ///< per channel of the decoded picture: 8, 16 or 32 (float)
  int orientation = 1;  ///< of EXIF, 1..8; from decoders, width and height are those before it is applied
  std::vector<std::pair<std::string, std::string>> details;  ///< format-specific facts for people, in reading order
};

/// Whether the last channel is alpha.
inline bool has_alpha(const cv::Mat& pixels) { return pixels.channels() == 2 || pixels.channels() == 4; }

/// Throws ErrorCode::unsupported unless channels and depth are as documented for Image::pixels and the sizes agree.
CALOTYPE_API void validate(const Image& image);

/// EXIF orientation (1..8), 1 when the block has none or cannot be parsed. Bounded, never throws on bad bytes.
CALOTYPE_API int exif_orientation(const Bytes& exif);
/// The resolution that the block names, as bounded and as safe.
CALOTYPE_API Density exif_density(const Bytes& exif);
/// Turns the pixels (and mask) upright and sets the tags of EXIF and XMP to 1, so that orientation is applied exactly
/// once.
CALOTYPE_API void apply_orientation(Image& image);

}  // namespace calotype
