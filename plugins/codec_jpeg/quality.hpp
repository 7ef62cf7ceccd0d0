// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "guard.hpp"

namespace calotype {

/// The quality 1..100 at which libjpeg's tables come nearest to the picture's first one; 0 without a table.
int quality_of(const jpeg_decompress_struct& codec);

}  // namespace calotype
