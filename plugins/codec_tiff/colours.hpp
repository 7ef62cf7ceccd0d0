// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "layout.hpp"

namespace calotype {

/// From samples as the file has them, in image.pixels, to what an Image holds: palettes, inks, L*a*b*, XYZ, the order
/// of colours, alpha. Float samples are divided by `white` first. A profile of colours that were converted is taken
/// away, linear ones get theirs.
void finish_colours(Image& image, const TiffSource& source, const Layout& layout, double white);

}  // namespace calotype
