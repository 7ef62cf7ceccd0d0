// SPDX-License-Identifier: Apache-2.0
#include "target.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>

namespace calotype {

struct TiffTarget::Callbacks {
  static TiffTarget& self(thandle_t handle) { return *static_cast<TiffTarget*>(handle); }

  static tmsize_t read(thandle_t handle, void* to, tmsize_t wanted) {
    TiffTarget& target = self(handle);
    const std::uint64_t size = target.bytes_.size(), at = std::min(target.position_, size);
    const std::uint64_t count = std::min<std::uint64_t>(std::uint64_t(wanted), size - at);
    if (count > 0) std::memcpy(to, target.bytes_.data() + at, count);
    target.position_ = at + count;
    return static_cast<tmsize_t>(count);
  }
  static tmsize_t write(thandle_t handle, void* from, tmsize_t count) {
    TiffTarget& target = self(handle);
    const auto* data = static_cast<const std::uint8_t*>(from);
    try {
      if (target.position_ > target.bytes_.size()) target.bytes_.resize(target.position_);
      const std::size_t over = std::min<std::size_t>(std::size_t(count), target.bytes_.size() - target.position_);
      std::copy(data, data + over, target.bytes_.begin() + std::ptrdiff_t(target.position_));
      target.bytes_.insert(target.bytes_.end(), data + over, data + count);
    } catch (const std::bad_alloc&) {  // must not travel through libtiff
      target.full_ = true;
      return -1;
    }
    target.position_ += std::uint64_t(count);
    return count;
  }
  static toff_t seek(thandle_t handle, toff_t offset, int whence) {
    TiffTarget& target = self(handle);
    return target.position_ = offset + (whence == SEEK_CUR   ? target.position_
                                        : whence == SEEK_END ? target.bytes_.size()
                                                             : 0);
  }
  static int close(thandle_t) { return 0; }
  static toff_t size(thandle_t handle) { return self(handle).bytes_.size(); }
};

TiffTarget::TiffTarget(bool big) {
  tiff_ = TIFFClientOpenExt("TIFF", big ? "w8l" : "wl", this, Callbacks::read, Callbacks::write, Callbacks::seek,
                            Callbacks::close, Callbacks::size, nullptr, nullptr, messages_.options().get());
  check(tiff_ != nullptr);
}

TiffTarget::~TiffTarget() { TIFFCleanup(tiff_); }

void TiffTarget::check(bool good) const {
  if (full_) throw std::bad_alloc();
  if (!good) throw messages_.error(ErrorCode::unsupported);
}

}  // namespace calotype
