// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace calotype {
namespace {

/// In proportion to the file, because libtiff may make room for all that it believes to be there.
constexpr std::uint64_t padding(std::uint64_t size) { return 15 * size + (1 << 20); }

}  // namespace

struct TiffSource::Callbacks {
  static TiffSource& self(thandle_t handle) { return *static_cast<TiffSource*>(handle); }

  static tmsize_t read(thandle_t handle, void* to, tmsize_t wanted) {
    TiffSource& source = self(handle);
    const std::uint64_t at = source.position_, end = source.bytes_.size();
    const std::uint64_t count =
        std::min<std::uint64_t>(std::uint64_t(wanted), source.size_ - std::min(at, source.size_));
    const std::uint64_t real = std::min(count, end - std::min(at, end));
    if (real > 0) std::memcpy(to, source.bytes_.data() + at, real);
    if (count > real) std::memset(static_cast<char*>(to) + real, 0, count - real);
    source.position_ += count;
    return static_cast<tmsize_t>(count);
  }
  static tmsize_t write(thandle_t, void*, tmsize_t) { return -1; }
  static toff_t seek(thandle_t handle, toff_t offset, int whence) {
    TiffSource& source = self(handle);
    return source.position_ = offset + (whence == SEEK_CUR ? source.position_ : whence == SEEK_END ? source.size_ : 0);
  }
  static int close(thandle_t) { return 0; }
  static toff_t size(thandle_t handle) { return self(handle).size_; }
  static int map(thandle_t handle, void** base, toff_t* size) {
    TiffSource& source = self(handle);
    if (source.size_ != source.bytes_.size()) return 0;
    *base = const_cast<std::uint8_t*>(source.bytes_.data());  // libtiff expects pages that are read only
    *size = source.size_;
    return 1;
  }
  static void unmap(thandle_t, void*, toff_t) {}
};

TiffSource::TiffSource(const Bytes& bytes, std::uint64_t directory, bool padded)
    : bytes_(bytes), size_(bytes.size() + (padded ? padding(bytes.size()) : 0)) {
  // h: no directory yet.
  tiff_ = TIFFClientOpenExt("TIFF", "rh", this, Callbacks::read, Callbacks::write, Callbacks::seek, Callbacks::close,
                            Callbacks::size, Callbacks::map, Callbacks::unmap, messages_.options().get());
  if (tiff_ && TIFFSetSubDirectory(tiff_, directory)) {
    messages_.clear();
    return;
  }
  if (tiff_) TIFFCleanup(tiff_);
  throw messages_.error(ErrorCode::corrupt);
}

TiffSource::~TiffSource() { TIFFCleanup(tiff_); }

double TiffSource::present(std::uint32_t piece) const {
  const double begin = double(TIFFGetStrileOffset(tiff_, piece)), count = double(TIFFGetStrileByteCount(tiff_, piece));
  return count > 0 ? std::clamp((double(bytes_.size()) - begin) / count, 0.0, 1.0) : 0;
}

}  // namespace calotype
