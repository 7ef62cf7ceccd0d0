// SPDX-License-Identifier: Apache-2.0
// The pictures that a file holds one after another.
#pragma once
#include "directory.hpp"

namespace calotype {

struct Pages {
  std::vector<std::uint64_t> offsets;  ///< of the directories of whole pictures, in order; never empty
  bool smaller_copies = false;         ///< beside them
  bool masks = false;
};

/// Throws corrupt without a directory, unsupported where the picture itself is out of reach, as in raw files of
/// cameras. A chain that is broken or that leads back ends there.
Pages find_pages(const DirectoryReader& reader);

/// The directory of one of them, 1 being the first. Throws usage where there are fewer.
std::uint64_t page_offset(const Pages& pages, std::int64_t number);

}  // namespace calotype
