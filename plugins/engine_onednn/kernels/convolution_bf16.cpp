// SPDX-License-Identifier: Apache-2.0
// Convolutions in bf16. Compiled for CPUs with AVX512_BF16 alone, and using AMX where unit() says so.
#include "rows.hpp"

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>

namespace calotype::onednn::kernels {
namespace {

inline __m512 widen(__m256i v) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(v), 16)); }

class Activated {
 public:
  explicit Activated(const Activation& a)
      : is_there_(a.is_there), slope_(_mm512_set1_ps(a.slope)), limit_(_mm512_set1_ps(a.limit)) {}
  __m512 operator()(__m512 v) const {  // what is not a number stays so
    v = _mm512_mask_mul_ps(v, _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_LT_OQ), v, slope_);
    return _mm512_min_ps(limit_, v);
  }
  explicit operator bool() const { return is_there_; }

 private:
  bool is_there_;
  __m512 slope_, limit_;
};

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

/// Finishes blocks of sums. The usual case: whole halves of blocks of bf16 in and out, nothing after the operand.
template <bool Activate, bool Affine, Binary op>
class WholeBlocks {
 public:
  static constexpr int halves = 2;
  explicit WholeBlocks(const Convolution& k)
      : k_(k), walk_(k), act_(k.first), factor_(_mm512_set1_ps(k.factor)), summand_(_mm512_set1_ps(k.summand)) {}

  void start(const Block& b, const float* sums) {
    sums_ = sums;
    output_ = b.output;
    both_ = k_.outputs - b.output > kHalf;
    for (int half = 0; half < 2; ++half) bias_[half] = _mm512_loadu_ps(k_.bias + b.output + 16 * half);
    walk_.start(b);
  }
  void some(int pixels) {
    for (int run; (run = walk_.next(pixels)) > 0; pixels -= run) {
      if (walk_.exists) finish(run);
      sums_ += run * kBlock;
      walk_.go_on(run);
    }
  }
  template <int Count, int Halves>
  void take(const __m512 (&sum)[Count][Halves]) {
    char* to[Count];
    const char* from[Count];
    const int pixels = walk_.places(to, from);
#pragma GCC unroll 12
    for (int i = 0; i < Count; ++i)
      if (i < pixels && to[i]) finish(sum[i][0], sum[i][Halves - 1], from[i] + output_ * 2, to[i] + output_ * 2);
  }

 private:
  void finish(int count) {
    const std::ptrdiff_t out_pixel = k_.out.pixel, operand_pixel = k_.operand.pixel;
    const float* sums = sums_;
    char* out = walk_.out + output_ * 2;
    const char* operand = walk_.operand + output_ * 2;
    for (int i = 0; i < count; ++i, sums += kBlock, out += out_pixel, operand += operand_pixel)
      finish(_mm512_load_ps(sums), _mm512_load_ps(sums + 16), operand, out);
  }
  void finish(__m512 low, __m512 high, const char* operand, char* out) const {
    const __m512 v0 = finished(_mm512_add_ps(low, bias_[0]), operand);
    const __m512 v1 = both_ ? finished(_mm512_add_ps(high, bias_[1]), operand + 32) : _mm512_setzero_ps();
    _mm512_store_si512(out, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(v1, v0)));
  }
  __m512 finished(__m512 v, const char* operand) const {
    if constexpr (Activate) v = act_(v);
    if constexpr (Affine) v = _mm512_fmadd_ps(v, factor_, summand_);
    if constexpr (op != Binary::none) {
      const __m512 other = widen(_mm256_load_si256(reinterpret_cast<const __m256i*>(operand)));
      if constexpr (op == Binary::divide_into)  // the estimate is finer than the result
        v = _mm512_mul_ps(other, _mm512_rcp14_ps(v));
      else
        v = combined(op, v, other);
    }
    return v;
  }

  const Convolution k_;
  Walk walk_;
  const Activated act_;
  const __m512 factor_, summand_;
  __m512 bias_[2];
  const float* sums_ = nullptr;
  int output_ = 0;
  bool both_ = true;  // halves of this block exist
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
  explicit AnyBlocks(const Convolution& k) : k_(k), walk_(k) {}

  void start(const Block& b, const float* sums) {
    output_ = b.output;
    sums_ = sums;
    walk_.start(b);
  }
  void some(int pixels) {
    for (int run; (run = walk_.next(pixels)) > 0; pixels -= run) {
      for (int half = 0; walk_.exists && half < Halves; ++half) {
        const Half finish(k_, output_ + 16 * half);
        const float* sums = sums_ + half * 16;
        char* out = walk_.out;
        const char* operand = walk_.operand;
        for (int i = 0; i < run; ++i, sums += Halves * 16, out += k_.out.pixel, operand += k_.operand.pixel)
          finish(_mm512_load_ps(sums), operand, out);
      }
      sums_ += run * Halves * 16;
      walk_.go_on(run);
    }
  }
  template <int Count, int Made>
  void take(const __m512 (&sum)[Count][Made]) {
    char* to[Count];
    const char* from[Count];
    const int pixels = walk_.places(to, from);
#pragma GCC unroll 2
    for (int half = 0; half < Halves; ++half) {
      const Half finish(k_, output_ + 16 * half);
#pragma GCC unroll 12
      for (int i = 0; i < Count; ++i)
        if (i < pixels && to[i])
          finish(half < Made ? sum[i][half < Made ? half : 0] : _mm512_setzero_ps(), from[i], to[i]);
    }
  }

 private:
  /// What is done to the sums of a half. What it needs is in registers, because its stores might change the rest.
  class Half {
   public:
    Half(const Convolution& k, int output)
        : k_(k),
          output_(output),
          exists_(k.outputs - output >= 16 ? 0xFFFF
                  : k.outputs - output > 0 ? __mmask16((1u << (k.outputs - output)) - 1)
                                           : __mmask16(0)),
          first_(k.first),
          last_(k.last),
          bias_(_mm512_loadu_ps(k.bias + output)),
          factor_(_mm512_set1_ps(k.factor)),
          summand_(_mm512_set1_ps(k.summand)),
          elements_(k.scatter ? k.scatter + output : nullptr) {}

    void operator()(__m512 v, const char* operand, char* out) const {
      if (!exists_ && !k_.pad) return;
      v = _mm512_add_ps(v, bias_);
      if (first_) v = first_(v);
      v = _mm512_fmadd_ps(v, factor_, summand_);
      if (k_.binary != Binary::none) v = combined(k_.binary, v, other(operand));
      if (last_) v = last_(v);
      if (elements_) return scatter(v, elements_, exists_, out);
      if (k_.out.is_float) return _mm512_mask_storeu_ps(out + 4 * output_, exists_, v);
      const __m256i narrow = reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(_mm512_maskz_mov_ps(exists_, v)));
      if (k_.pad)
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 2 * output_), narrow);
      else
        _mm256_mask_storeu_epi16(out + 2 * output_, exists_, narrow);
    }

   private:
    __m512 other(const char* operand) const {
      if (elements_) return gathered(operand, elements_, exists_);
      return k_.operand.is_float ? _mm512_maskz_loadu_ps(exists_, operand + 4 * output_)
                                 : widen(_mm256_maskz_loadu_epi16(exists_, operand + 2 * output_));
    }

    const Convolution k_;
    const int output_;
    const __mmask16 exists_;
    const Activated first_, last_;
    const __m512 bias_, factor_, summand_;
    const std::int32_t* const elements_;
  };

  const Convolution k_;
  Walk walk_;
  const float* sums_ = nullptr;
  int output_ = 0;
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
  static constexpr bool kOverlaps = true;
  static void begin() {
    TileConfiguration c;
    for (int i = 0; i < 8; ++i) c.bytes_per_row[i] = 64, c.rows[i] = 16;
    _tile_loadconfig(&c);
  }
  static void end() { _tile_release(); }
  static void clear_signs(const char* from, std::ptrdiff_t bytes, char* to) { clear_bf16_signs(from, bytes, to); }

  template <class Finish>
  static void multiply(const Convolution& k, const char* in, const char* weights, float* sums, int pixels, int outputs,
                       Finish& before) {
    if (Finish::halves == 1 || outputs <= kHalf)
      pixels > 16 ? multiply<2, 1>(k, in, weights, sums, before) : multiply<1, 1>(k, in, weights, sums, before);
    else
      pixels > 16 ? multiply<2, 2>(k, in, weights, sums, before) : multiply<1, 2>(k, in, weights, sums, before);
  }

 private:
  /// `Pixels` times 16 pixels, `halves` times 16 outputs.
  template <int Pixels, int halves, class Finish>
  static void multiply(const Convolution& k, const char* in, const char* weights, float* sums, Finish& before) {
    constexpr int stride = Finish::halves * 64, below = 16 * Finish::halves * 16;
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
  static constexpr bool kOverlaps = false;
  static void begin() {}
  static void end() {}
  static void clear_signs(const char* from, std::ptrdiff_t bytes, char* to) { clear_bf16_signs(from, bytes, to); }

  template <class Finish>
  static void multiply(const Convolution& k, const char* in, const char* weights, float*, int pixels, int outputs,
                       Finish& finish) {
    if (Finish::halves == 1 || outputs <= kHalf)
      parts<1>(k, in, weights, pixels, finish);
    else
      parts<2>(k, in, weights, pixels, finish);
  }

 private:
  template <int Halves, class Finish>
  static void parts(const Convolution& k, const char* in, const char* weights, int pixels, Finish& finish) {
    constexpr int most = 12;  // pixels whose sums fit into registers
    for (; pixels > most; pixels -= most, in += most * k.in_pixel) part<most, Halves, false>(k, in, weights, finish);
    if (pixels <= most / 3)
      part<most / 3, Halves, true>(k, in, weights, finish);
    else if (pixels <= 2 * most / 3)
      part<2 * most / 3, Halves, true>(k, in, weights, finish);
    else
      part<most, Halves, true>(k, in, weights, finish);
  }
  /// `Ahead`: fetches the weights of the next block.
  template <int Count, int Halves, bool Ahead, class Finish>
  static void part(const Convolution& k, const char* in, const char* weights, Finish& finish) {
    __m512 sum[Count][Halves];
    for (int i = 0; i < Count; ++i)
      for (int half = 0; half < Halves; ++half) sum[i][half] = _mm512_setzero_ps();
    const std::ptrdiff_t pixel = k.in_pixel;
    for (int p = 0; p < k.count; ++p) {
      const char* const from = in + k.products[p].in;
      const char* const tiles = weights + k.products[p].weights;
      const int pairs = (k.products[p].inputs + 1) / 2;
      for (int pair = 0; pair < pairs; ++pair) {
        if constexpr (Ahead)
          for (int half = 0; half < Halves; ++half)
            _mm_prefetch(tiles + k.block_bytes + half * kTileBytes + pair * 64, _MM_HINT_T1);
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
    finish.take(sum);
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
  if (!k.pad || k.outputs % kHalf || k.last.is_there || (k.operand.data && k.operand.is_float))
    return rows<Products, AnyBlocks<2>>;
  const bool affine = k.factor != 1 || k.summand != 0;
  return k.first.is_there ? affine ? rows_of_whole_blocks<Products, true, true>(k.binary)
                                   : rows_of_whole_blocks<Products, true, false>(k.binary)
         : affine ? rows_of_whole_blocks<Products, false, true>(k.binary)
                          : rows_of_whole_blocks<Products, false, false>(k.binary);
}

/// What there is of kBlock channels, given as those with even numbers and those with odd ones.
inline void store_channels(__m512 even, __m512 odd, int exist, bool is_float, char* to) {
  if (!is_float) {
    const __m512i places = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8,  //
                                            23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    const __mmask32 mask = exist >= kBlock ? ~__mmask32(0) : (__mmask32(1) << exist) - 1;
    const auto both = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(odd, even));
    return _mm512_mask_storeu_epi16(to, mask, _mm512_permutexvar_epi16(places, both));
  }
  const __m512i low = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0),
                high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
  const auto mask = [exist](int first) {
    return exist >= first + 16 ? __mmask16(0xFFFF)
           : exist > first     ? __mmask16((1u << (exist - first)) - 1)
                               : __mmask16(0);
  };
  _mm512_mask_storeu_ps(to, mask(0), _mm512_permutex2var_ps(even, low, odd));
  _mm512_mask_storeu_ps(to + 64, mask(16), _mm512_permutex2var_ps(even, high, odd));
}

/// `Pixels` of a row, kBlock channels from `c` on. Two channels share 32 bits: the upper
/// half is a float when the lower one is cleared, the lower half when it is moved up.
template <int Pixels>
void depthwise_part(const Depthwise& k, int padded, int c, const char* in, char* out) {
  __m512 even[Pixels], odd[Pixels];
  const __m512 bias_even = _mm512_loadu_ps(k.bias + c), bias_odd = _mm512_loadu_ps(k.bias + c + 16);
#pragma GCC unroll 8
  for (int i = 0; i < Pixels; ++i) even[i] = bias_even, odd[i] = bias_odd;
  const float* weights = k.weights + c;
  const std::ptrdiff_t in_pixel = k.in_pixel;
  const __m512i upper = _mm512_set1_epi32(std::int32_t(0xFFFF0000));
  for (int t = 0; t < k.taps; ++t, weights += padded) {
    const __m512 weight_even = _mm512_loadu_ps(weights), weight_odd = _mm512_loadu_ps(weights + 16);
    const char* const from = in + k.offsets[t] + 2 * c;
#pragma GCC unroll 8
    for (int i = 0; i < Pixels; ++i) {
      const __m512i pairs = _mm512_loadu_si512(from + i * in_pixel);
      even[i] = _mm512_fmadd_ps(weight_even, _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16)), even[i]);
      odd[i] = _mm512_fmadd_ps(weight_odd, _mm512_castsi512_ps(_mm512_and_si512(pairs, upper)), odd[i]);
    }
  }
  const Activated act(k.activation);
  const int exist = k.pad ? kBlock : k.channels - c;
  const std::ptrdiff_t pixel = k.out.pixel;
  out += c * (k.out.is_float ? 4 : 2);
#pragma GCC unroll 8
  for (int i = 0; i < Pixels; ++i) {
    if (act) even[i] = act(even[i]), odd[i] = act(odd[i]);
    store_channels(even[i], odd[i], exist, k.out.is_float, out + i * pixel);
  }
}

}  // namespace

void convolve_bf16(const Convolution& k, int begin, int end, char* space) {
  (unit() == Unit::tiles ? best_rows<Tiles>(k) : best_rows<Vectors>(k))(k, begin, end, space);
}

void convolve_bf16(const Depthwise& k, int begin, int end) {
  const int padded = (k.channels + kBlock - 1) / kBlock * kBlock;
  for_each_part(k, begin, end, kBlock,
                [&](auto count, int c, const char* in, char* out) { depthwise_part<count>(k, padded, c, in, out); });
}

}  // namespace calotype::onednn::kernels
#else
namespace calotype::onednn::kernels {
// Never called: unit() is none.
void convolve_bf16(const Convolution&, int, int, char*) {}
void convolve_bf16(const Depthwise&, int, int) {}
}  // namespace calotype::onednn::kernels
#endif
