// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "calotype/image.hpp"

namespace calotype {

/// All that the segments before the picture's data say. What they hold beside it is lost.
Metadata read_metadata(const Bytes& file, Losses& lost);

/// Of EXIF, 1..8, without reading anything else.
int read_orientation(const Bytes& file);

struct MarkerSegment {
  int marker;
  std::string data;
};

/// The segments behind the JFIF header, in the order that other programs write and expect: EXIF, XMP, Photoshop's
/// resources, profile, comments.
std::vector<MarkerSegment> metadata_segments(const Metadata& meta, Losses& lost);

/// As a JFIF header counts it.
struct JfifDensity {
  int unit = 0;  ///< 1: per inch, 2: per centimetre; 0: not known
  int x = 1, y = 1;
};
JfifDensity jfif_density(const Density& density, Losses& lost);

}  // namespace calotype
