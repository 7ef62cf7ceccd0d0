// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "calotype/image.hpp"

namespace calotype {

/// The block without the prefix that it has in JPEG files, and that some writers put into others; empty where it is
/// none.
inline Bytes exif_block(std::string_view bytes) {
  constexpr std::string_view kPrefix("Exif\0\0", 6), kLittle("II*\0", 4), kBig("MM\0*", 4);
  if (bytes.substr(0, kPrefix.size()) == kPrefix) bytes.remove_prefix(kPrefix.size());
  const std::string_view head = bytes.substr(0, kBig.size());
  return head == kLittle || head == kBig ? Bytes(bytes.begin(), bytes.end()) : Bytes();
}

}  // namespace calotype
