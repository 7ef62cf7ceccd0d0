// SPDX-License-Identifier: Apache-2.0
#include "dot.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

namespace calotype::latent {
namespace {

inline int32_t total(__m256i v) {
  __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1)));
}

}  // namespace

void dot_avx2(const int16_t* patches, const int16_t* weights, const int32_t* bias, int length, int outputs,
              int32_t* sums) {
  const int16_t *a = patches, *b = a + length, *c = b + length, *d = c + length;
  for (int o = 0; o < outputs; ++o, weights += length) {
    __m256i sa = _mm256_setzero_si256(), sb = sa, sc = sa, sd = sa;
    for (int i = 0; i < length; i += 16) {
      const auto load = [i](const int16_t* from) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i));
      };
      const __m256i w = load(weights);
      sa = _mm256_add_epi32(sa, _mm256_madd_epi16(w, load(a)));
      sb = _mm256_add_epi32(sb, _mm256_madd_epi16(w, load(b)));
      sc = _mm256_add_epi32(sc, _mm256_madd_epi16(w, load(c)));
      sd = _mm256_add_epi32(sd, _mm256_madd_epi16(w, load(d)));
    }
    sums[o] = bias[o] + total(sa);
    sums[outputs + o] = bias[o] + total(sb);
    sums[2 * outputs + o] = bias[o] + total(sc);
    sums[3 * outputs + o] = bias[o] + total(sd);
  }
}

}  // namespace calotype::latent
#endif
