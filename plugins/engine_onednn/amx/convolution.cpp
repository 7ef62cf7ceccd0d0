// SPDX-License-Identifier: Apache-2.0
// Compiled for CPUs with AMX alone: no standard containers here, whose code the linker might share with callers
// elsewhere.
#include "amx.hpp"

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>

namespace calotype::onednn::amx {
namespace {

struct alignas(64) TileConfiguration {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t bytes_per_row[16] = {};
  std::uint8_t rows[16] = {};
};

/// Tiles 0 to 3 sum, 4 and 5 hold inputs, 6 and 7 weights; all of them full.
void configure() {
  TileConfiguration c;
  for (int i = 0; i < 8; ++i) c.bytes_per_row[i] = 64, c.rows[i] = 16;
  _tile_loadconfig(&c);
}

/// `Pixels` times 16 pixels, `Halves` times 16 outputs, into `sums` of Halves * 16 floats per pixel.
template <int Pixels, int Halves>
inline void multiply(const Convolution& k, const char* in, const char* weights, float* sums) {
  constexpr int stride = Halves * 64;
  const char* const second = in + 16 * k.in_pixel;
  const std::ptrdiff_t pixel = k.in_pixel;
  _tile_zero(0);
  if constexpr (Halves == 2) _tile_zero(1);
  if constexpr (Pixels == 2) _tile_zero(2);
  if constexpr (Pixels * Halves == 4) _tile_zero(3);
  for (int s = 0; s < k.steps; ++s, weights += Halves * kTileBytes) {
    const std::ptrdiff_t at = k.offsets[s];
    _tile_loadd(6, weights, 64);
    _tile_loadd(4, in + at, pixel);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (Halves == 2) {
      _tile_loadd(7, weights + kTileBytes, 64);
      _tile_dpbf16ps(1, 4, 7);
    }
    if constexpr (Pixels == 2) {
      _tile_loadd(5, second + at, pixel);
      _tile_dpbf16ps(2, 5, 6);
      if constexpr (Halves == 2) _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, sums, stride);
  if constexpr (Halves == 2) _tile_stored(1, sums + 16, stride);
  if constexpr (Pixels == 2) _tile_stored(2, sums + 16 * Halves * 16, stride);
  if constexpr (Pixels * Halves == 4) _tile_stored(3, sums + 16 * Halves * 16 + 16, stride);
}

inline __m512 widen(__m256i v) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(v), 16)); }

inline __m512 activated(__m512 v, __m512 slope) {
  return _mm512_mask_mul_ps(v, _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_LT_OQ), v, slope);
}

/// a / b, correct to about 2^-22.
inline __m512 quotient(__m512 a, __m512 b) {
  const __m512 guess = _mm512_rcp14_ps(b);
  const __m512 better = _mm512_mul_ps(guess, _mm512_fnmadd_ps(b, guess, _mm512_set1_ps(2)));
  return _mm512_mul_ps(a, better);
}

inline __m512 combined(Binary op, __m512 v, __m512 other) {
  switch (op) {
    case Binary::add:
      return _mm512_add_ps(v, other);
    case Binary::subtract:
      return _mm512_sub_ps(v, other);
    case Binary::subtract_from:
      return _mm512_sub_ps(other, v);
    case Binary::multiply:
      return _mm512_mul_ps(v, other);
    case Binary::divide:
      return quotient(v, other);
    case Binary::divide_into:
      return quotient(other, v);
    default:
      return v;
  }
}

/// Where a block of sums belongs.
struct Block {
  int image, row, column, pixels;  // pixels: of this block that exist
  int output;                      // the first
};

inline char* place(const Target& t, const Block& b) {
  return t.data + b.image * t.image + b.row * t.row + b.column * t.pixel;
}

template <int Halves>
inline void finish(const Convolution& k, const Block& b, const float* sums) {
  const __m512 slope = _mm512_set1_ps(k.slope), slope_last = _mm512_set1_ps(k.slope_last);
  const __m512 factor = _mm512_set1_ps(k.factor), summand = _mm512_set1_ps(k.summand);
  for (int half = 0; half < Halves; ++half, sums += 16) {
    const int output = b.output + 16 * half, left = k.outputs - output;
    if (left <= 0 && !k.pad) break;
    const __mmask16 exists = left >= 16 ? 0xFFFF : left > 0 ? __mmask16((1u << left) - 1) : __mmask16(0);
    const __m512 bias = _mm512_loadu_ps(k.bias + output);
    const __m512i index = k.scatter ? _mm512_maskz_loadu_epi32(exists, k.scatter + output) : _mm512_setzero_si512();
    const char* operand = k.binary == Binary::none ? nullptr : place(k.operand, b);
    char* out = place(k.out, b);
    if (!k.scatter) {
      out += output * (k.out.is_float ? 4 : 2);
      if (operand) operand += output * (k.operand.is_float ? 4 : 2);
    }
    for (int i = 0; i < b.pixels; ++i, out += k.out.pixel) {
      __m512 v = _mm512_add_ps(_mm512_load_ps(sums + i * Halves * 16), bias);
      if (k.activate) v = activated(v, slope);
      v = _mm512_fmadd_ps(v, factor, summand);
      if (operand) {
        const __m512 other = k.scatter ? _mm512_mask_i32gather_ps(_mm512_setzero_ps(), exists, index, operand, 4)
                             : k.operand.is_float ? _mm512_maskz_loadu_ps(exists, operand)
                                                  : widen(_mm256_maskz_loadu_epi16(exists, operand));
        v = combined(k.binary, v, other);
        operand += k.operand.pixel;
      }
      if (k.activate_last) v = activated(v, slope_last);
      if (k.scatter) {
        _mm512_mask_i32scatter_ps(out, exists, index, v, 4);
      } else if (k.out.is_float) {
        _mm512_mask_storeu_ps(out, exists, v);
      } else {
        const __m256i narrow = reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(_mm512_maskz_mov_ps(exists, v)));
        if (k.pad)
          _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), narrow);
        else
          _mm256_mask_storeu_epi16(out, exists, narrow);
      }
    }
  }
}

/// Sums of one block are finished while the tile unit works on the next: they alternate.
struct Pending {
  alignas(64) float sums[2][kBlock * kBlock];
  Block block{};
  int turn = 0;
  bool waiting = false;
};

template <int Halves>
inline void advance(const Convolution& k, const Block& next, const char* in, const char* weights, Pending& pending) {
  float* const sums = pending.sums[pending.turn];
  if (next.pixels > 16)
    multiply<2, Halves>(k, in, weights, sums);
  else
    multiply<1, Halves>(k, in, weights, sums);
  if (pending.waiting) finish<Halves>(k, pending.block, pending.sums[pending.turn ^ 1]);
  pending.block = next;
  pending.waiting = true;
  pending.turn ^= 1;
}

template <int Halves>
void one_row(const Convolution& k, int image, int row, const char* in, Pending& pending) {
  const std::ptrdiff_t block_bytes = std::ptrdiff_t(k.steps) * Halves * kTileBytes;
  const char* weights = k.weights;
  for (int output = 0; output < k.outputs; output += Halves * 16, weights += block_bytes)
    for (int x = 0; x < k.columns; x += kBlock) {
      const int pixels = k.columns - x < kBlock ? k.columns - x : kBlock;
      advance<Halves>(k, {image, row, x, pixels, output}, in + x * k.in_pixel, weights, pending);
    }
}

/// Magnitudes of a row, whole vectors.
void clear_signs(const char* from, std::ptrdiff_t bytes, char* to) {
  const __m512i magnitude = _mm512_set1_epi16(0x7FFF);
  for (std::ptrdiff_t i = 0; i < bytes; i += 64)
    _mm512_storeu_si512(to + i, _mm512_and_si512(_mm512_loadu_si512(from + i), magnitude));
}

template <int Halves>
void rows(const Convolution& k, int begin, int end) {
  configure();
  Pending pending;
  const std::ptrdiff_t row_bytes = k.columns * k.in_pixel;
  char* magnitudes = nullptr;
  if (k.absolute)
    magnitudes = static_cast<char*>(_mm_malloc(std::size_t(row_bytes + (kOverread + 1) * k.in_pixel + 64), 64));
  for (int i = begin; i < end; ++i) {
    const int image = i / k.rows, row = i % k.rows;
    const char* in = k.in + image * k.in_image + row * k.in_row;
    if (magnitudes) {
      clear_signs(in, row_bytes, magnitudes);
      in = magnitudes;
    }
    one_row<Halves>(k, image, row, in, pending);
  }
  if (pending.waiting) finish<Halves>(k, pending.block, pending.sums[pending.turn ^ 1]);
  _mm_free(magnitudes);
  _tile_release();
}

}  // namespace

void convolve(const Convolution& k, int begin, int end) {
  if (halves(k.outputs, k.pad) == 1)
    rows<1>(k, begin, end);
  else
    rows<2>(k, begin, end);
}

void convolve(const Depthwise& k, int begin, int end) {
  const int padded = (k.channels + kBlock - 1) / kBlock * kBlock;
  const __m512 slope = _mm512_set1_ps(k.slope);
  for (int i = begin; i < end; ++i) {
    const int image = i / k.rows, row = i % k.rows;
    const char* in = k.in + image * k.in_image + row * k.in_row;
    char* out = k.out.data + image * k.out.image + row * k.out.row;
    for (int x = 0; x < k.columns; ++x, in += k.in_pixel, out += k.out.pixel)
      for (int c = 0; c < padded; c += 16) {
        __m512 v = _mm512_loadu_ps(k.bias + c);
        for (int t = 0; t < k.taps; ++t)
          v = _mm512_fmadd_ps(_mm512_loadu_ps(k.weights + t * padded + c),
                              widen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(in + k.offsets[t] + 2 * c))),
                              v);
        if (k.activate) v = activated(v, slope);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 2 * c), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(v)));
      }
  }
}

}  // namespace calotype::onednn::amx
#else
namespace calotype::onednn::amx {
// Never called: available() is false.
void convolve(const Convolution&, int, int) {}
void convolve(const Depthwise&, int, int) {}
}  // namespace calotype::onednn::amx
#endif
