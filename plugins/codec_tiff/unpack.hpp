// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>

namespace calotype {

/// Samples as libtiff hands them out, in the machine's byte order; those of other than 8, 16, 24, 32 and 64 bits as a
/// stream of bits that begins anew with every row.
struct Packing {
  int bits = 8;
  bool real = false;  ///< floats of 16, 32 or 64 bits; otherwise whole numbers of 1 to 32
  bool stretched =
      true;  ///< whole numbers fill the range of what they are unpacked to; otherwise they stay as they are
};

/// Unpacks `count` samples of a row to what CV_8U, CV_16U or CV_32F, `depth`, stands for: whole numbers of up to 8 bits
/// to the first, others to the second, floats to the third. True where that was not exact.
bool unpack(const std::uint8_t* packed, const Packing& packing, std::size_t count, int depth, void* samples);

}  // namespace calotype
