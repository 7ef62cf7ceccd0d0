// SPDX-License-Identifier: Apache-2.0
// Photoshop's image resources, which APP13 segments hold: IPTC among them.
#pragma once
#include <string>
#include <string_view>

#include "calotype/image.hpp"

namespace calotype {

struct PhotoshopResources {
  Bytes iptc;
  Density density;
  bool thumbnail = false, paths = false;
  bool damaged = false;  ///< and what is behind the damage is missing
};

/// From the contents of all segments, joined. Never throws on bad bytes.
PhotoshopResources read_photoshop_resources(std::string_view resources);

/// The one resource that holds `iptc`.
std::string iptc_resource(const Bytes& iptc);

}  // namespace calotype
