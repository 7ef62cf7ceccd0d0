// SPDX-License-Identifier: Apache-2.0
// XMP larger than a segment: a packet, and an extension to it in segments of its own (XMP specification, part 3).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "calotype/image.hpp"

namespace calotype {

/// One packet from the file's packet and what its extension segments hold behind their prefix. What is missing or
/// damaged is a loss, and the packet no longer tells of an extension.
Bytes join_xmp(const Bytes& packet, const std::vector<std::string_view>& extension_segments, Losses& lost);

/// The contents of segments, behind their prefixes, which `join_xmp` makes one packet of again.
struct SplitXmp {
  std::string packet;
  std::vector<std::string> extension;
};

/// The largest properties go into the extension until the packet fits. Nothing where it is no XMP, or does not fit
/// without all of them.
std::optional<SplitXmp> split_xmp(const Bytes& packet);

}  // namespace calotype
