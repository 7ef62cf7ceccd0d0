// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/image.hpp"

namespace calotype {

/// All that a PNG file says beside its pixels, from chunks before and behind the image data. What is dropped goes to
/// `lost`: what is damaged, further frames, data behind the picture. A wrong checksum is corrupt, or a loss where
/// `lenient`. Throws unsupported for colours that no profile can say.
Metadata read_png_metadata(const Bytes& file, bool lenient, Losses& lost);

/// The EXIF block alone, at little cost; empty where there is none. Never throws on bad bytes.
Bytes read_png_exif(const Bytes& file);

}  // namespace calotype
