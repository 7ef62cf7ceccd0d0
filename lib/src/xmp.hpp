// SPDX-License-Identifier: Apache-2.0
// What an XMP packet says about pixels, brought up to date.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "calotype/image.hpp"

namespace calotype {

struct XmpUpdate {
  bool upright = false;  ///< the picture was turned: tiff:Orientation becomes 1
  /// Of the picture. Where it is given, what describes other pixels goes: thumbnails, claims of data that lie behind a
  /// picture in the same file (motion photos, gain maps), and a packet that is no XML and seems to hold such.
  std::optional<cv::Size> size;
};

/// What became of a packet: whether its text changed, and what was taken out.
struct XmpChanges {
  bool changed = false, thumbnail = false;
  bool broken = false;              ///< all of it, for it cannot be read
  std::vector<std::string> claims;  ///< "a motion photo": what the file no longer holds
};

/// Orientation and sizes are set where the packet names them. Takes time in proportion to the packet's size, which may
/// be hostile.
XmpChanges update_xmp(Bytes& packet, const XmpUpdate& update);

}  // namespace calotype
