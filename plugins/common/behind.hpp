// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <string>

#include "calotype/image.hpp"

namespace calotype {

/// What lies behind the end of a picture in its file is a loss, unless it is all zeros.
inline void lose_bytes_behind(const Bytes& file, std::size_t end, Losses& lost) {
  if (end < file.size() &&
      std::any_of(file.begin() + std::ptrdiff_t(end), file.end(), [](auto byte) { return byte != 0; }))
    lost.add(LossKind::extra, std::to_string(file.size() - end) + " bytes behind the picture are left out");
}

}  // namespace calotype
