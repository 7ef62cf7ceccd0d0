// SPDX-License-Identifier: Apache-2.0
#include "photoshop.hpp"

#include <algorithm>

#include "big_endian.hpp"

namespace calotype {
namespace {

constexpr std::string_view kSignature = "8BIM";
/// Of other programs' resources.
constexpr std::string_view kForeign[] = {"AgHg", "DCSR", "MeSa", "PHUT"};
constexpr std::uint32_t kResolution = 0x03ED, kIptc = 0x0404, kOldThumbnail = 0x0409, kThumbnail = 0x040C,
                        kFirstPath = 2000, kLastPath = 2997;

constexpr std::size_t even(std::size_t size) { return size + size % 2; }

/// Pixels per inch, as numbers with 16 bits behind the point: of the width, its units, and the same of the height.
Density density_of(std::string_view data) {
  constexpr std::size_t kHeight = 8;
  constexpr double kOne = 65536;
  if (data.size() < kHeight + 4) return {};
  return {big_endian(data, 4) / kOne, big_endian(data.substr(kHeight), 4) / kOne};
}

void add(PhotoshopResources& found, std::uint32_t number, std::string_view data) {
  if (number == kIptc)
    found.iptc.insert(found.iptc.end(), data.begin(), data.end());
  else if (number == kResolution)
    found.density = density_of(data);
  else if (number == kThumbnail || number == kOldThumbnail)
    found.thumbnail = true;
  else if (number >= kFirstPath && number <= kLastPath)
    found.paths = true;
}

}  // namespace

PhotoshopResources read_photoshop_resources(std::string_view rest) {
  PhotoshopResources found;
  // A signature, a number, a name behind its length, the data behind theirs; name and data are padded to even sizes.
  constexpr std::size_t kNumber = 4, kName = 6;
  while (rest.size() > kName) {
    const std::string_view signature = rest.substr(0, kNumber);
    const bool foreign = std::find(std::begin(kForeign), std::end(kForeign), signature) != std::end(kForeign);
    const std::size_t size_at = kName + even(1 + std::uint8_t(rest[kName]));
    if ((signature != kSignature && !foreign) || size_at + 4 > rest.size()) break;
    const std::uint32_t number = big_endian(rest.substr(kNumber), 2), size = big_endian(rest.substr(size_at), 4);
    if (size > rest.size() - size_at - 4) break;
    if (!foreign) add(found, number, rest.substr(size_at + 4, size));
    rest.remove_prefix(std::min(size_at + 4 + even(size), rest.size()));
  }
  found.damaged = rest.find_first_not_of('\0') != std::string_view::npos;
  return found;
}

std::string iptc_resource(const Bytes& iptc) {
  std::string resource = std::string(kSignature) + big_endian(kIptc, 2) + big_endian(0, 2) +  // without a name
                         big_endian(std::uint32_t(iptc.size()), 4);
  resource.append(iptc.begin(), iptc.end());
  resource.resize(even(resource.size()));
  return resource;
}

}  // namespace calotype
