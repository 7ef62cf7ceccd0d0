// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/image.hpp"
#include "messages.hpp"

namespace calotype {

/// One page of a file in memory, opened by libtiff.
class TiffSource {
 public:
  /// `bytes` is to outlive this. Where it is `padded`, libtiff sees zeros behind its end, so that what is cut off there
  /// is read as far as it goes. Throws where the directory cannot be read.
  TiffSource(const Bytes& bytes, std::uint64_t directory, bool padded);
  ~TiffSource();
  TiffSource(const TiffSource&) = delete;
  TiffSource& operator=(const TiffSource&) = delete;

  TIFF* get() const { return tiff_; }
  TiffMessages& messages() { return messages_; }
  /// What is there of the strip or tile, from 0 to 1.
  double present(std::uint32_t piece) const;

  /// The tag's value or its default; 0 where it has none. T is the type that libtiff documents.
  template <class T>
  T value(std::uint32_t tag) const {
    T found{};
    return TIFFGetFieldDefaulted(tiff_, tag, &found) ? found : T{};
  }

 private:
  struct Callbacks;

  const Bytes& bytes_;
  const std::uint64_t size_;  ///< as libtiff sees it
  std::uint64_t position_ = 0;
  TiffMessages messages_;
  TIFF* tiff_ = nullptr;
};

}  // namespace calotype
