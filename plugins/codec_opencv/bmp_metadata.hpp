// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/image.hpp"

namespace calotype {

/// Density and colour profile of a file with a sound header.
void read_bmp_metadata(const Bytes& file, Image& image);
/// Into a file with the header of 40 bytes.
void write_bmp_density(const Density& density, Bytes& file);

}  // namespace calotype
