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
  cv::Size size;         ///< of the picture
};

/// What became of a packet: whether its text changed, and what was taken out beside thumbnails.
struct XmpChanges {
  bool changed = false, thumbnail = false;
  std::vector<std::string> claims;  ///< "a motion photo": what the file no longer holds
};

/// Orientation and sizes are set where the packet names them; thumbnails, and claims of data that lie behind a picture
/// in the same file (motion photos, gain maps), go. A packet that is no XML and seems to hold such is emptied.
XmpChanges update_xmp(Bytes& packet, const XmpUpdate& update);

}  // namespace calotype
