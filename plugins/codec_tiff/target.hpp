// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/image.hpp"
#include "messages.hpp"

namespace calotype {

/// A little-endian file in memory that libtiff writes.
class TiffTarget {
 public:
  explicit TiffTarget(bool big);
  ~TiffTarget();
  TiffTarget(const TiffTarget&) = delete;
  TiffTarget& operator=(const TiffTarget&) = delete;

  TIFF* get() const { return tiff_; }
  /// What is there so far. What the caller appends stays where it is: libtiff goes on behind it.
  Bytes& bytes() { return bytes_; }
  /// Throws what went wrong unless `good`.
  void check(bool good) const;

 private:
  struct Callbacks;

  Bytes bytes_;
  std::uint64_t position_ = 0;
  bool full_ = false;  ///< there was no more memory
  TiffMessages messages_;
  TIFF* tiff_ = nullptr;
};

}  // namespace calotype
