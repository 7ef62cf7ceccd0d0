// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

namespace calotype {

/// What an APP1 segment begins with.
constexpr std::string_view exif_prefix{"Exif\0\0", 6};
constexpr std::string_view xmp_prefix{"http://ns.adobe.com/xap/1.0/\0", 29};
/// The most that fits a marker segment beside its own length.
constexpr std::size_t max_segment = 65533;
/// A profile may span 255 segments, each with 14 bytes of its own.
constexpr std::size_t max_icc_profile = 255 * (max_segment - 14);

}  // namespace calotype
