// SPDX-License-Identifier: Apache-2.0
#include "segments.hpp"

#include <algorithm>

namespace calotype {

bool Segments::next() {
  marker_ = 0;
  data_ = {};
  gap_ = 0;
  const std::size_t size = file_.size();
  while (at_ < size) {
    if (file_[at_++] != 0xFF) {
      ++gap_;
      continue;
    }
    while (at_ < size && file_[at_] == 0xFF) ++at_;
    if (at_ == size) return false;
    const int found = file_[at_++];
    if (found == 0) {
      gap_ += 2;
      continue;
    }
    if (found == marker::tem || (found >= marker::rst0 && found <= marker::rst7)) continue;
    if (found == marker::soi || found == marker::eoi || found == marker::sos) {
      marker_ = found;
      return false;
    }
    if (size - at_ < 2) return false;
    const std::size_t length = std::size_t(file_[at_]) << 8 | file_[at_ + 1];
    if (length < 2 || length > size - at_) return false;
    marker_ = found;
    data_ = {reinterpret_cast<const char*>(file_.data()) + at_ + 2, length - 2};
    at_ += length;
    return true;
  }
  return false;
}

}  // namespace calotype
