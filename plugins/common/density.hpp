// SPDX-License-Identifier: Apache-2.0
// Densities in files that count in metres.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

namespace calotype {

constexpr double kMetresInInch = 0.0254;

/// Pixels per inch; a whole number where that is what was rounded to pixels per metre.
inline double per_inch(double per_metre) {
  const double exact = per_metre * kMetresInInch, whole = std::round(exact);
  return std::abs(exact - whole) <= kMetresInInch / 2 ? whole : exact;
}

/// Pixels per metre in 31 bits.
inline std::uint32_t per_metre(double per_inch) {
  return static_cast<std::uint32_t>(std::lround(std::min(per_inch / kMetresInInch, double(0x7FFFFFFF))));
}

}  // namespace calotype
