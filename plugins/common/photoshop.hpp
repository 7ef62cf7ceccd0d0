// SPDX-License-Identifier: Apache-2.0
// Photoshop's image resources (Adobe Photoshop File Formats Specification), the wrapping in which files carry IPTC.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "calotype/image.hpp"

namespace calotype {

struct PhotoshopResources {
  Bytes iptc;
  bool paths = false;  ///< clipping paths and others
};

/// Never throws on bad bytes; what is damaged, and what follows, is left out.
inline PhotoshopResources read_photoshop_resources(std::string_view rest) {
  constexpr std::string_view kSignature = "8BIM";
  constexpr std::size_t kNumber = 4, kName = 6;
  constexpr unsigned kIptc = 0x0404, kFirstPath = 2000, kLastPath = 2997;
  const auto number_in = [](std::string_view digits) {
    std::size_t value = 0;
    for (const char digit : digits) value = value << 8 | static_cast<std::uint8_t>(digit);
    return value;
  };
  const auto even = [](std::size_t size) { return size + size % 2; };
  PhotoshopResources found;
  // A signature, a number, a name behind its length, the data behind theirs; name and data are padded to even sizes.
  while (rest.size() > kName && rest.substr(0, kNumber) == kSignature) {
    const std::size_t size_at = kName + even(1 + number_in(rest.substr(kName, 1)));
    if (rest.size() < size_at + 4) break;
    const std::size_t number = number_in(rest.substr(kNumber, 2)), size = number_in(rest.substr(size_at, 4));
    rest.remove_prefix(size_at + 4);
    if (rest.size() < size) break;
    if (number == kIptc) found.iptc.insert(found.iptc.end(), rest.begin(), rest.begin() + std::ptrdiff_t(size));
    found.paths |= number >= kFirstPath && number <= kLastPath;
    rest.remove_prefix(std::min(rest.size(), even(size)));
  }
  return found;
}

/// The one resource that holds `iptc`.
inline std::string iptc_resource(const Bytes& iptc) {
  const auto size = std::uint32_t(iptc.size());
  std::string resource("8BIM\4\4\0\0", 8);  // its number, no name
  for (int shift = 24; shift >= 0; shift -= 8) resource += static_cast<char>(size >> shift);
  resource.append(iptc.begin(), iptc.end());
  resource.resize(resource.size() + resource.size() % 2);
  return resource;
}

}  // namespace calotype
