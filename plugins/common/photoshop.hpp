// SPDX-License-Identifier: Apache-2.0
// Photoshop's image resources (Adobe Photoshop File Formats Specification), the wrapping in which files carry IPTC.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>

#include "big_endian.hpp"
#include "calotype/image.hpp"

namespace calotype {

struct PhotoshopResources {
  Bytes iptc;
  Density density;
  bool thumbnail = false;
  bool paths = false;    ///< clipping paths and others
  bool damaged = false;  ///< and what follows the damage is missing
};

/// Never throws on bad bytes.
inline PhotoshopResources read_photoshop_resources(std::string_view rest) {
  constexpr std::string_view kSignature = "8BIM", kForeign[] = {"AgHg", "DCSR", "MeSa", "PHUT"};  // other programs'
  constexpr std::uint32_t kResolution = 0x03ED, kIptc = 0x0404, kOldThumbnail = 0x0409, kThumbnail = 0x040C,
                          kFirstPath = 2000, kLastPath = 2997;
  const auto even = [](std::size_t size) { return size + size % 2; };
  // Pixels per inch, with 16 bits behind the point: of the width, its units, and the same of the height.
  const auto density_of = [](std::string_view data) -> Density {
    constexpr std::size_t kHeight = 8;
    constexpr double kOne = 65536;
    if (data.size() < kHeight + 4) return {};
    return {big_endian(data, 4) / kOne, big_endian(data.substr(kHeight), 4) / kOne};
  };
  PhotoshopResources found;
  // A signature, a number, a name behind its length, the data behind theirs; name and data are padded to even sizes.
  constexpr std::size_t kNumber = 4, kName = 6;
  while (rest.size() > kName) {
    const std::string_view signature = rest.substr(0, kNumber);
    const bool own = signature == kSignature;
    if (!own && std::find(std::begin(kForeign), std::end(kForeign), signature) == std::end(kForeign)) break;
    const std::size_t size_at = kName + even(1 + std::uint8_t(rest[kName]));
    if (rest.size() < size_at + 4) break;
    const std::uint32_t number = big_endian(rest.substr(kNumber), 2), size = big_endian(rest.substr(size_at), 4);
    if (rest.size() - size_at - 4 < size) break;
    const std::string_view data = rest.substr(size_at + 4, size);
    if (own && number == kIptc) found.iptc.insert(found.iptc.end(), data.begin(), data.end());
    if (own && number == kResolution) found.density = density_of(data);
    found.thumbnail |= own && (number == kThumbnail || number == kOldThumbnail);
    found.paths |= own && number >= kFirstPath && number <= kLastPath;
    rest.remove_prefix(std::min(rest.size(), size_at + 4 + even(size)));
  }
  found.damaged = rest.find_first_not_of('\0') != std::string_view::npos;
  return found;
}

/// The one resource that holds `iptc`.
inline std::string iptc_resource(const Bytes& iptc) {
  std::string resource("8BIM\4\4\0\0", 8);  // its number, no name
  resource += big_endian(std::uint32_t(iptc.size()), 4);
  resource.append(iptc.begin(), iptc.end());
  resource.resize(resource.size() + resource.size() % 2);
  return resource;
}

}  // namespace calotype
