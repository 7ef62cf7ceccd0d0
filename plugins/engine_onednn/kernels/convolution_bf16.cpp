// SPDX-License-Identifier: Apache-2.0
// Convolutions in bf16. Compiled for CPUs with AVX512_BF16 alone, and using AMX where unit() says so.
#include "rows.hpp"

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>

namespace calotype::onednn::kernels {
namespace {

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

/// Finishes a block of sums, some pixels at a time: between the steps of the next block, whose products take their time
/// in the tile unit. The usual case: whole blocks of bf16 in and out, nothing after the operand.
template <bool Activate, bool Affine, Binary op>
class WholeBlocks {
 public:
  static constexpr int halves = 2;
  explicit WholeBlocks(const Convolution& k)
      : k_(k),
        slope_(_mm512_set1_ps(k.slope)),
        factor_(_mm512_set1_ps(k.factor)),
        summand_(_mm512_set1_ps(k.summand)) {}

  void start(const Block& b, const float* sums) {
    sums_ = sums;
    left_ = b.pixels;
    for (int half = 0; half < 2; ++half) bias_[half] = _mm512_loadu_ps(k_.bias + b.output + 16 * half);
    out_ = place(k_.out, b) + b.output * 2;
    if constexpr (op != Binary::none) operand_ = place(k_.operand, b) + b.output * 2;
  }
  void some(int pixels) {
    const int count = pixels < left_ ? pixels : left_;
    const std::ptrdiff_t out_pixel = k_.out.pixel, operand_pixel = k_.operand.pixel;
    for (int i = 0; i < count; ++i) {
      __m512 v[2];
      for (int half = 0; half < 2; ++half) {
        v[half] = _mm512_add_ps(_mm512_load_ps(sums_ + 16 * half), bias_[half]);
        if constexpr (Activate) v[half] = activated(v[half], slope_);
        if constexpr (Affine) v[half] = _mm512_fmadd_ps(v[half], factor_, summand_);
        if constexpr (op != Binary::none) {
          const __m512 other = widen(_mm256_load_si256(reinterpret_cast<const __m256i*>(operand_ + 32 * half)));
          if constexpr (op == Binary::divide_into)  // the estimate is finer than the result
            v[half] = _mm512_mul_ps(other, _mm512_rcp14_ps(v[half]));
          else
            v[half] = combined(op, v[half], other);
        }
      }
      _mm512_store_si512(out_, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(v[1], v[0])));
      sums_ += kBlock;
      out_ += out_pixel;
      if constexpr (op != Binary::none) operand_ += operand_pixel;
    }
    left_ -= count;
  }

 private:
  const Convolution k_;
  const __m512 slope_, factor_, summand_;
  __m512 bias_[2];
  const float* sums_ = nullptr;
  char* out_ = nullptr;
  const char* operand_ = nullptr;
  int left_ = 0;
};

/// Calls f(lanes, element) for lanes that lie side by side, which most do: where element i of lane i would be.
template <class F>
inline void for_each_run(const std::int32_t* elements, __mmask16 exists, F f) {
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i firsts = _mm512_sub_epi32(_mm512_maskz_loadu_epi32(exists, elements), lane);
  for (unsigned left = exists; left;) {
    const int at = __builtin_ctz(left), first = elements[at] - at;
    const __mmask16 run = _mm512_mask_cmpeq_epi32_mask(__mmask16(left), firsts, _mm512_set1_epi32(first));
    f(run, first);
    left &= ~unsigned(run);
  }
}

/// The floats at `from` whose numbers are given, and back.
inline __m512 gathered(const char* from, const std::int32_t* elements, __mmask16 exists) {
  __m512 v = _mm512_setzero_ps();
  for_each_run(elements, exists,
               [&](__mmask16 run, int first) { v = _mm512_mask_loadu_ps(v, run, from + 4 * std::ptrdiff_t(first)); });
  return v;
}
inline void scatter(__m512 v, const std::int32_t* elements, __mmask16 exists, char* to) {
  for_each_run(elements, exists,
               [&](__mmask16 run, int first) { _mm512_mask_storeu_ps(to + 4 * std::ptrdiff_t(first), run, v); });
}

/// Everything else that a Convolution can ask for.
template <int Halves>
class AnyBlocks {
 public:
  static constexpr int halves = Halves;
  explicit AnyBlocks(const Convolution& k) : k_(k) {}

  void start(const Block& b, const float* sums) {
    output_ = b.output;
    left_ = b.pixels;
    sums_ = sums;
    out_ = place(k_.out, b);
    operand_ = k_.binary == Binary::none ? nullptr : place(k_.operand, b);
  }
  void some(int pixels) {
    const int count = pixels < left_ ? pixels : left_;
    for (int half = 0; count > 0 && half < Halves; ++half) finish(count, half);
    sums_ += count * Halves * 16;
    out_ += count * k_.out.pixel;
    operand_ += count * k_.operand.pixel;
    left_ -= count;
  }

 private:
  /// What the loop needs is in registers, because its stores might change the rest.
  void finish(int count, int half) {
    const Convolution k = k_;
    const int output = output_ + 16 * half, left = k.outputs - output;
    if (left <= 0 && !k.pad) return;
    const __mmask16 exists = left >= 16 ? 0xFFFF : left > 0 ? __mmask16((1u << left) - 1) : __mmask16(0);
    const __m512 bias = _mm512_loadu_ps(k.bias + output);
    const __m512 slope = _mm512_set1_ps(k.slope), slope_last = _mm512_set1_ps(k.slope_last);
    const __m512 factor = _mm512_set1_ps(k.factor), summand = _mm512_set1_ps(k.summand);
    const std::int32_t* const elements = k.scatter + (k.scatter ? output : 0);
    const float* sums = sums_ + half * 16;
    char* out = out_;
    const char* operand = operand_;
    for (int i = 0; i < count; ++i, sums += Halves * 16, out += k.out.pixel, operand += k.operand.pixel) {
      __m512 v = _mm512_add_ps(_mm512_load_ps(sums), bias);
      if (k.activate) v = activated(v, slope);
      v = _mm512_fmadd_ps(v, factor, summand);
      if (k.binary != Binary::none) {
        const __m512 other = k.scatter            ? gathered(operand, elements, exists)
                             : k.operand.is_float ? _mm512_maskz_loadu_ps(exists, operand + 4 * output)
                                                  : widen(_mm256_maskz_loadu_epi16(exists, operand + 2 * output));
        v = combined(k.binary, v, other);
      }
      if (k.activate_last) v = activated(v, slope_last);
      if (k.scatter) {
        scatter(v, elements, exists, out);
      } else if (k.out.is_float) {
        _mm512_mask_storeu_ps(out + 4 * output, exists, v);
      } else {
        const __m256i narrow = reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(_mm512_maskz_mov_ps(exists, v)));
        if (k.pad)
          _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 2 * output), narrow);
        else
          _mm256_mask_storeu_epi16(out + 2 * output, exists, narrow);
      }
    }
  }

  const Convolution k_;
  const float* sums_ = nullptr;
  char* out_ = nullptr;
  const char* operand_ = nullptr;
  int left_ = 0, output_ = 0;
};

/// Bytes from `from`, whole vectors, without the signs of bf16.
inline void clear_bf16_signs(const char* from, std::ptrdiff_t bytes, char* to) {
  const __m512i magnitude = _mm512_set1_epi16(0x7FFF);
  for (std::ptrdiff_t i = 0; i < bytes; i += 64)
    _mm512_storeu_si512(to + i, _mm512_and_si512(_mm512_loadu_si512(from + i), magnitude));
}

struct alignas(64) TileConfiguration {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t bytes_per_row[16] = {};
  std::uint8_t rows[16] = {};
};

/// Products in tile registers: 0 to 3 sum, 4 and 5 hold inputs, 6 and 7 weights; all of them full.
struct Tiles {
  static void begin() {
    TileConfiguration c;
    for (int i = 0; i < 8; ++i) c.bytes_per_row[i] = 64, c.rows[i] = 16;
    _tile_loadconfig(&c);
  }
  static void end() { _tile_release(); }
  static void clear_signs(const char* from, std::ptrdiff_t bytes, char* to) { clear_bf16_signs(from, bytes, to); }

  /// `Pixels` times 16 pixels, Finish::halves times 16 outputs, into `sums` of as many floats per pixel.
  template <int Pixels, class Finish>
  static void multiply(const Convolution& k, const char* in, const char* weights, float* sums, Finish& before) {
    constexpr int halves = Finish::halves, stride = halves * 64, below = 16 * halves * 16;
    const std::ptrdiff_t pixel = k.in_pixel;
    const Product* const products = k.products;
    const char* const second = in + 16 * pixel;
    const int count = k.count, between = (kBlock + count - 1) / count;
    _tile_zero(0);
    if constexpr (halves == 2) _tile_zero(1);
    if constexpr (Pixels == 2) _tile_zero(2);
    if constexpr (Pixels * halves == 4) _tile_zero(3);
    for (int i = 0; i < count; ++i) {
      const std::ptrdiff_t at = products[i].in;
      const char* const tiles = weights + products[i].weights;
      _tile_loadd(6, tiles, 64);
      _tile_loadd(4, in + at, pixel);
      _tile_dpbf16ps(0, 4, 6);
      if constexpr (halves == 2) {
        _tile_loadd(7, tiles + kTileBytes, 64);
        _tile_dpbf16ps(1, 4, 7);
      }
      if constexpr (Pixels == 2) {
        _tile_loadd(5, second + at, pixel);
        _tile_dpbf16ps(2, 5, 6);
        if constexpr (halves == 2) _tile_dpbf16ps(3, 5, 7);
      }
      before.some(between);
    }
    _tile_stored(0, sums, stride);
    if constexpr (halves == 2) _tile_stored(1, sums + 16, stride);
    if constexpr (Pixels == 2) _tile_stored(2, sums + below, stride);
    if constexpr (Pixels * halves == 4) _tile_stored(3, sums + below + 16, stride);
  }
};

/// The same products in vector registers.
struct Vectors {
  static void begin() {}
  static void end() {}
  static void clear_signs(const char* from, std::ptrdiff_t bytes, char* to) { clear_bf16_signs(from, bytes, to); }

  template <int Pixels, class Finish>
  static void multiply(const Convolution& k, const char* in, const char* weights, float* sums, Finish& before) {
    before.some(kBlock);          // no other unit to overlap with
    if constexpr (Pixels == 2) {  // in parts whose sums fit into registers
      part<12, Finish::halves>(k, in, weights, sums);
      part<12, Finish::halves>(k, in + 12 * k.in_pixel, weights, sums + 12 * Finish::halves * 16);
      part<8, Finish::halves>(k, in + 24 * k.in_pixel, weights, sums + 24 * Finish::halves * 16);
    } else {
      part<8, Finish::halves>(k, in, weights, sums);
      part<8, Finish::halves>(k, in + 8 * k.in_pixel, weights, sums + 8 * Finish::halves * 16);
    }
  }

 private:
  template <int Count, int Halves>
  static void part(const Convolution& k, const char* in, const char* weights, float* sums) {
    __m512 sum[Count][Halves];
    for (int i = 0; i < Count; ++i)
      for (int half = 0; half < Halves; ++half) sum[i][half] = _mm512_setzero_ps();
    const std::ptrdiff_t pixel = k.in_pixel;
    for (int p = 0; p < k.count; ++p) {
      const char* const from = in + k.products[p].in;
      const char* const tiles = weights + k.products[p].weights;
      const int pairs = (k.products[p].inputs + 1) / 2;
      for (int pair = 0; pair < pairs; ++pair) {
        __m512bh weight[Halves];
        for (int half = 0; half < Halves; ++half)
          weight[half] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(tiles + half * kTileBytes + pair * 64));
        for (int i = 0; i < Count; ++i) {
          int inputs;
          __builtin_memcpy(&inputs, from + i * pixel + pair * 4, sizeof inputs);
          const auto both = reinterpret_cast<__m512bh>(_mm512_set1_epi32(inputs));
          for (int half = 0; half < Halves; ++half) sum[i][half] = _mm512_dpbf16_ps(sum[i][half], weight[half], both);
        }
      }
    }
    for (int i = 0; i < Count; ++i)
      for (int half = 0; half < Halves; ++half) _mm512_store_ps(sums + (i * Halves + half) * 16, sum[i][half]);
  }
};

using Rows = void (*)(const Convolution&, int, int, char*);

template <class Products, bool Activate, bool Affine>
Rows rows_of_whole_blocks(Binary op) {
  switch (op) {
    case Binary::none:
      return rows<Products, WholeBlocks<Activate, Affine, Binary::none>>;
    case Binary::add:
      return rows<Products, WholeBlocks<Activate, Affine, Binary::add>>;
    case Binary::multiply:
      return rows<Products, WholeBlocks<Activate, Affine, Binary::multiply>>;
    case Binary::divide_into:
      return rows<Products, WholeBlocks<Activate, Affine, Binary::divide_into>>;
    default:
      return rows<Products, AnyBlocks<2>>;
  }
}

template <class Products>
Rows best_rows(const Convolution& k) {
  if (halves(k.outputs, k.pad) == 1) return rows<Products, AnyBlocks<1>>;
  if (!k.pad || k.outputs % kBlock || k.activate_last || (k.operand.data && k.operand.is_float))
    return rows<Products, AnyBlocks<2>>;
  const bool affine = k.factor != 1 || k.summand != 0;
  return k.activate ? affine ? rows_of_whole_blocks<Products, true, true>(k.binary)
                             : rows_of_whole_blocks<Products, true, false>(k.binary)
         : affine ? rows_of_whole_blocks<Products, false, true>(k.binary)
                    : rows_of_whole_blocks<Products, false, false>(k.binary);
}

}  // namespace

void convolve_bf16(const Convolution& k, int begin, int end, char* space) {
  (unit() == Unit::tiles ? best_rows<Tiles>(k) : best_rows<Vectors>(k))(k, begin, end, space);
}

void convolve_bf16(const Depthwise& k, int begin, int end) {
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

}  // namespace calotype::onednn::kernels
#else
namespace calotype::onednn::kernels {
// Never called: unit() is none.
void convolve_bf16(const Convolution&, int, int, char*) {}
void convolve_bf16(const Depthwise&, int, int) {}
}  // namespace calotype::onednn::kernels
#endif
