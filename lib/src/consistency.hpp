// SPDX-License-Identifier: Apache-2.0
// What holds for every picture behind every decoder, and before every encoder.
#pragma once
#include "calotype/io.hpp"

namespace calotype {

/// Behind a decoder: turned upright; samples that are no finite numbers replaced; orientation, sizes and claims in the
/// metadata as they are now, thumbnails gone, density known where EXIF knows it; a profile for other channels gone;
/// colours as the rules want them. Losses are added to the picture's.
void make_consistent(Image& image, const Rules& rules);

/// Before an encoder: the picture with metadata that fits its pixels, whatever stages have done to them.
Image consistent(const Image& image, Losses& lost);

/// Every loss is a warning that begins with `name`, or the first one an error.
void announce(const Losses& lost, const Rules& rules, const std::string& name);

}  // namespace calotype
