// SPDX-License-Identifier: Apache-2.0
// Compiled twice: once more, as dot_vnni.cpp, for processors that multiply and add in one instruction.
#include "dot_blocks.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

namespace calotype::latent {
namespace {

struct Vector {
  static constexpr int lanes = 16;
  __m512i value;
  static Vector load(const void* from) { return {_mm512_loadu_si512(from)}; }
  static Vector pair(const int16_t* from) {
    int32_t both;
    __builtin_memcpy(&both, from, 4);
    return {_mm512_set1_epi32(both)};
  }
  void add_products(Vector a, Vector b) {
#ifdef __AVX512VNNI__
    value = _mm512_dpwssd_epi32(value, a.value, b.value);
#else
    value = _mm512_add_epi32(value, _mm512_madd_epi16(a.value, b.value));
#endif
  }
  void store(int32_t* to) const { _mm512_storeu_si512(to, value); }
};

}  // namespace

#ifdef __AVX512VNNI__
void dot_vnni
#else
void dot_avx512
#endif
    (const int16_t* patches, const int16_t* weights, const int32_t* bias, int length, int outputs, int32_t* sums) {
  dot_blocks<Vector, 8, 2>(patches, weights, bias, length, outputs, sums);
}

}  // namespace calotype::latent
#endif
