// SPDX-License-Identifier: Apache-2.0
#include "dot_blocks.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

namespace calotype::latent {
namespace {

struct Vector {
  static constexpr int lanes = 8;
  __m256i value;
  static Vector load(const void* from) { return {_mm256_loadu_si256(static_cast<const __m256i*>(from))}; }
  static Vector pair(const int16_t* from) {
    int32_t both;
    __builtin_memcpy(&both, from, 4);
    return {_mm256_set1_epi32(both)};
  }
  void add_products(Vector a, Vector b) { value = _mm256_add_epi32(value, _mm256_madd_epi16(a.value, b.value)); }
  void store(int32_t* to) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), value); }
};

}  // namespace

void dot_avx2(const int16_t* patches, const int16_t* weights, const int32_t* bias, int length, int outputs,
              int32_t* sums) {
  dot_blocks<Vector, 4, 2>(patches, weights, bias, length, outputs, sums);
}

}  // namespace calotype::latent
#endif
