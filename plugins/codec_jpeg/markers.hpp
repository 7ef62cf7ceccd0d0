// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string_view>

namespace calotype {

using namespace std::string_view_literals;

/// What segments begin with: APP0, APP1, APP2 and APP13.
constexpr std::string_view jfif_prefix = "JFIF\0"sv, jfxx_prefix = "JFXX\0"sv;
constexpr std::string_view exif_prefix = "Exif\0\0"sv;
constexpr std::string_view xmp_prefix = "http://ns.adobe.com/xap/1.0/\0"sv;
constexpr std::string_view extended_xmp_prefix = "http://ns.adobe.com/xmp/extension/\0"sv;
constexpr std::string_view icc_prefix =
    "ICC_PROFILE\0"sv;  // then this segment's number, from 1, and how many there are
constexpr std::string_view photoshop_prefix = "Photoshop 3.0\0"sv;

/// The most that fits a marker segment beside its own length.
constexpr std::size_t max_segment = 65533;

}  // namespace calotype
