// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <optional>

#include "calotype/colour.hpp"

namespace calotype {

/// What a file says of its colours: PNG (third edition), 4.3 and 11.3.2. The first that is there counts.
struct ColourChunks {
  std::optional<std::array<std::uint8_t, 4>> cicp;
  Bytes icc;
  bool srgb = false;
  std::optional<double> gamma;         ///< gAMA: of encoding, 0.45455 for sRGB
  std::optional<Primaries> primaries;  ///< cHRM
};

/// The profile that says the same, empty for sRGB. What makes no sense is a loss of colour. Throws unsupported for
/// pictures that would be shown wrong with any profile.
Bytes profile_of(const ColourChunks& chunks, bool grey, Losses& lost);

}  // namespace calotype
