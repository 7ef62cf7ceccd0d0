// SPDX-License-Identifier: Apache-2.0
// Photoshop's image resources (Adobe Photoshop File Formats Specification), the wrapping in which files carry IPTC.
#pragma once
#include <cstdint>
#include <string_view>

#include "calotype/image.hpp"

namespace calotype {

struct PhotoshopResources {
  Bytes iptc;          ///< the data sets
  bool paths = false;  ///< whether there are clipping paths or others
};

/// Of a block that begins with "8BIM", or with "Photoshop 3.0" before it. What is damaged is left out.
inline PhotoshopResources read_photoshop_resources(std::string_view block) {
  constexpr std::string_view kHead("Photoshop 3.0\0", 14), kMark = "8BIM";
  constexpr unsigned kIptc = 0x0404, kFirstPath = 2000, kLastPath = 2997;
  if (block.substr(0, kHead.size()) == kHead) block.remove_prefix(kHead.size());
  const auto number = [](std::string_view digits) {
    std::size_t value = 0;
    for (const char digit : digits) value = value << 8 | static_cast<std::uint8_t>(digit);
    return value;
  };
  const auto even = [](std::size_t size) { return size + size % 2; };
  PhotoshopResources found;
  while (block.size() >= 7 && block.substr(0, kMark.size()) == kMark) {
    const std::size_t id = number(block.substr(4, 2)), at = 6 + even(1 + number(block.substr(6, 1)));
    if (block.size() < at + 4) break;
    const std::size_t size = number(block.substr(at, 4));
    block.remove_prefix(at + 4);
    if (block.size() < size) break;
    if (id == kIptc && found.iptc.empty()) found.iptc.assign(block.begin(), block.begin() + std::ptrdiff_t(size));
    found.paths |= id >= kFirstPath && id <= kLastPath;
    block.remove_prefix(std::min(block.size(), even(size)));
  }
  return found;
}

/// One resource, which holds the data sets.
inline Bytes photoshop_resource_of(const Bytes& iptc) {
  const auto size = std::uint32_t(iptc.size());
  Bytes block = {'8', 'B', 'I', 'M', 4, 4, 0, 0};
  for (int shift = 24; shift >= 0; shift -= 8) block.push_back(std::uint8_t(size >> shift));
  block.insert(block.end(), iptc.begin(), iptc.end());
  if (size % 2) block.push_back(0);
  return block;
}

}  // namespace calotype
