// SPDX-License-Identifier: Apache-2.0
// Compiled for CPUs with AVX512_BF16, as convolution_bf16.cpp is.
#include "kernels.hpp"

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>

namespace calotype::onednn::kernels {
namespace {

/// One weight per lane, in the lower half of each.
inline __m512i gather(const Weights<std::uint16_t>& w, __mmask16 lanes) {
  if (!w.data) return _mm512_setzero_si512();
  const __m512i places = _mm512_loadu_si512(w.places);
  const __mmask16 there = _mm512_mask_cmpge_epi32_mask(lanes, places, _mm512_setzero_si512());
  const __m512i pairs = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), there, places, w.data, 2);
  return _mm512_and_si512(pairs, _mm512_set1_epi32(0xFFFF));
}

inline __m256i narrowed(__m512 v) { return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(v)); }
inline __m512 widened(__m256i v) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(v), 16)); }

}  // namespace

void fill_tile(const Weights<std::uint16_t>* weights, std::uint16_t lanes, std::uint16_t* tile) {
  for (int row = 0; row < depth<std::uint16_t>() / 2; ++row) {
    const __m512i even = gather(weights[2 * row], lanes), odd = gather(weights[2 * row + 1], lanes);
    _mm512_mask_storeu_epi32(tile + row * 2 * kHalf, lanes, _mm512_or_si512(even, _mm512_slli_epi32(odd, 16)));
  }
}

void narrow(const std::uint8_t* halves, std::size_t count, std::uint16_t* rounded, std::uint16_t* rest) {
  for (std::size_t i = 0; i < count; i += 16) {
    const __mmask16 exists = count - i < 16 ? __mmask16((1u << (count - i)) - 1) : __mmask16(0xFFFF);
    const __m512 v = _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(exists, halves + 2 * i));
    const __m256i near = narrowed(v);
    _mm256_mask_storeu_epi16(rounded + i, exists, near);
    if (rest) _mm256_mask_storeu_epi16(rest + i, exists, narrowed(_mm512_sub_ps(v, widened(near))));
  }
}

}  // namespace calotype::onednn::kernels
#else
namespace calotype::onednn::kernels {
// Never called: unit() is none.
void fill_tile(const Weights<std::uint16_t>*, std::uint16_t, std::uint16_t*) {}
void narrow(const std::uint8_t*, std::size_t, std::uint16_t*, std::uint16_t*) {}
}  // namespace calotype::onednn::kernels
#endif
