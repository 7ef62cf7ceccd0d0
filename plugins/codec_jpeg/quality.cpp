// SPDX-License-Identifier: Apache-2.0
#include "quality.hpp"

#include <algorithm>
#include <cstdlib>

namespace calotype {
namespace {

/// ITU-T T.81, table K.1, in the order of rows.
constexpr int kLuminance[DCTSIZE2] = {16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
                                      14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
                                      18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
                                      49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};

}  // namespace

int quality_of(const jpeg_decompress_struct& codec) {
  const int number = codec.comp_info ? codec.comp_info[0].quant_tbl_no : NUM_QUANT_TBLS;  // the file's, unchecked
  const JQUANT_TBL* table = number >= 0 && number < NUM_QUANT_TBLS ? codec.quant_tbl_ptrs[number] : nullptr;
  if (!table) return 0;
  int best = 0, least = 0;
  for (int quality = 1; quality <= 100; ++quality) {
    const int percent = jpeg_quality_scaling(quality);
    int distance = 0;
    for (int i = 0; i < DCTSIZE2; ++i)
      distance += std::abs(table->quantval[i] - std::clamp((kLuminance[i] * percent + 50) / 100, 1, 255));
    if (best == 0 || distance < least) {
      best = quality;
      least = distance;
    }
  }
  return best;
}

}  // namespace calotype
