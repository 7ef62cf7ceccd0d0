// SPDX-License-Identifier: Apache-2.0
// What a directory says beside the pixels.
#pragma once
#include "directory.hpp"

namespace calotype {

/// Profile, XMP, IPTC, density, and as EXIF what the directory itself says of camera, author and time, with the
/// directories for EXIF, GPS and interoperability that it points to; a description alone is a comment. What else has a
/// value of its own is reported.
/// `orientation` is what libtiff makes of the tag.
Metadata read_metadata(const DirectoryReader& reader, const Directory& directory, std::uint16_t orientation,
                       Losses& lost);

/// The same as tags, without those of the block's own that tell how pixels are stored. A comment or description is the
/// picture's description unless EXIF has one; other text is lost.
TagTree metadata_tags(const Metadata& meta, Losses& lost);

}  // namespace calotype
