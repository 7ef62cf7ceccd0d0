// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "calotype/image.hpp"

namespace calotype {

/// For encoders of formats that hold pixels alone: whatever metadata there is, is lost.
inline void lose_metadata(const Metadata& meta, Losses& lost) {
  const std::string why = " has no place in this format";
  if (!meta.icc.empty()) lost.add(LossKind::icc, "the colour profile" + why + "; --color srgb converts the colours");
  if (!meta.exif.empty()) lost.add(LossKind::exif, "EXIF" + why);
  if (!meta.xmp.empty()) lost.add(LossKind::xmp, "XMP" + why);
  if (!meta.iptc.empty()) lost.add(LossKind::iptc, "IPTC" + why);
  if (!meta.text.empty()) lost.add(LossKind::text, "text" + why);
  if (meta.density.known()) lost.add(LossKind::density, "the density" + why);
}

}  // namespace calotype
