// SPDX-License-Identifier: Apache-2.0
#include "dot.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

namespace calotype::latent {
namespace {

/// Not _mm512_reduce_add_epi32: GCC 12 warns of its own header there.
inline int32_t total(__m512i v) {
  alignas(64) int32_t lanes[16];
  _mm512_store_si512(lanes, v);
  int32_t sum = 0;
  for (const int32_t lane : lanes) sum += lane;
  return sum;
}

}  // namespace

void dot_avx512(const int16_t* patches, const int16_t* weights, const int32_t* bias, int length, int outputs,
                int32_t* sums) {
  const int16_t *a = patches, *b = a + length, *c = b + length, *d = c + length;
  for (int o = 0; o < outputs; ++o, weights += length) {
    __m512i sa = _mm512_setzero_si512(), sb = sa, sc = sa, sd = sa;
    for (int i = 0; i < length; i += 32) {
      const auto load = [i](const int16_t* from) { return _mm512_loadu_si512(from + i); };
      const __m512i w = load(weights);
      sa = _mm512_add_epi32(sa, _mm512_madd_epi16(w, load(a)));
      sb = _mm512_add_epi32(sb, _mm512_madd_epi16(w, load(b)));
      sc = _mm512_add_epi32(sc, _mm512_madd_epi16(w, load(c)));
      sd = _mm512_add_epi32(sd, _mm512_madd_epi16(w, load(d)));
    }
    sums[o] = bias[o] + total(sa);
    sums[outputs + o] = bias[o] + total(sb);
    sums[2 * outputs + o] = bias[o] + total(sc);
    sums[3 * outputs + o] = bias[o] + total(sd);
  }
}

}  // namespace calotype::latent
#endif
