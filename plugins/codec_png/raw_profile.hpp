// SPDX-License-Identifier: Apache-2.0
// Metadata in hexadecimal digits, as ImageMagick began to put it into texts: PNG had no place for it, and has none for
// IPTC still.
#pragma once
#include <optional>
#include <string>

#include "calotype/image.hpp"

namespace calotype {

/// What such a text's keyword begins with; the kind follows.
constexpr const char* raw_profile_keyword = "Raw profile type ";

/// Nothing where the text is none.
std::optional<Bytes> from_raw_profile(const std::string& text);
std::string to_raw_profile(const std::string& kind, const std::string& bytes);

}  // namespace calotype
