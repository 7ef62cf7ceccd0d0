// SPDX-License-Identifier: Apache-2.0
// What convolutions in fp32 are made of, for the widest vectors that the including file is compiled for.
#pragma once
#include "rows.hpp"

namespace calotype::onednn::kernels {
namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 16, kRegisters = 32;
#elif defined(__AVX2__)
constexpr int kLanes = 8, kRegisters = 16;
#elif defined(__aarch64__)
constexpr int kLanes = 4, kRegisters = 32;
#else
constexpr int kLanes = 4, kRegisters = 16;
#endif
typedef float Vector __attribute__((vector_size(4 * kLanes)));
constexpr int kVectors = kHalf / kLanes;  // for a tile's outputs

inline Vector load(const void* from) {
  Vector v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}
inline void store(Vector v, void* to) { __builtin_memcpy(to, &v, sizeof v); }
inline float number(const void* from) {
  float v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

inline Vector activated(Vector v, float slope, float limit) {
  const Vector sloped = v < 0 ? v * slope : v, most = Vector{} + limit;
  return sloped > most ? most : sloped;
}

template <Binary op>
inline Vector combined(Vector v, const char* operand) {
  switch (op) {
    case Binary::add:
      return v + load(operand);
    case Binary::subtract:
      return v - load(operand);
    case Binary::subtract_from:
      return load(operand) - v;
    case Binary::multiply:
      return v * load(operand);
    case Binary::divide:
      return v / load(operand);
    case Binary::divide_into:
      return load(operand) / v;
    default:
      return v;
  }
}

/// A tile at a time, or two. Pixels are taken in parts whose sums fit into registers, products in runs whose weights
/// stay in the first cache while all parts go by.
struct FloatProducts {
  static constexpr bool kOverlaps = false;
  static void begin() {}
  static void end() {}
  static void clear_signs(const char* from, std::ptrdiff_t bytes, char* to) {
    for (std::ptrdiff_t i = 0; i < bytes; i += 4) {
      const float v = number(from + i), magnitude = __builtin_fabsf(v);
      __builtin_memcpy(to + i, &magnitude, 4);
    }
  }

  template <class Finish>
  static void multiply(const Convolution& k, const char* in, const char* weights, float* sums, int pixels, int outputs,
                       Finish& finish) {
    constexpr int together = kVectors == 1 ? Finish::halves : 1, stride = Finish::halves * kHalf;
    for (int half = 0; half < Finish::halves; half += together, weights += together * kTileBytes) {
      finish.begin(half);
      if (together == 1 || outputs - half * kHalf <= kHalf)
        tiles<1, stride>(k, in, weights, sums + half * kHalf, pixels, finish);
      else
        tiles<together, stride>(k, in, weights, sums + half * kHalf, pixels, finish);
    }
  }

  template <int Count, int Tiles, int Stride>
  static void keep(const Vector (&sum)[Count][Tiles * kVectors], float* sums) {
    for (int i = 0; i < Count; ++i)
      for (int v = 0; v < Tiles * kVectors; ++v) store(sum[i][v], sums + i * Stride + v * kLanes);
  }

 private:
  static constexpr int kRun = kLanes == 16 ? 24 : 8;      // products
  static constexpr int kTogether = kLanes == 16 ? 2 : 1;  // inputs; with more, compilers run out of registers

  template <int Tiles, int Stride, class Finish>
  static void tiles(const Convolution& k, const char* in, const char* weights, float* sums, int pixels,
                    Finish& finish) {
    constexpr int most = kRegisters == 32 ? kVectors == 1 ? 12 : 6 : kVectors == 2 ? 6 : 2;
    for (int first = 0; first < k.count; first += kRun)
      parts<most, Tiles, Stride>(k, first, in, weights, sums, pixels, finish);
  }
  /// The last of them is filled up to thirds of `Count` where that can be divided.
  template <int Count, int Tiles, int Stride, class Finish>
  static void parts(const Convolution& k, int first, const char* in, const char* weights, float* sums, int pixels,
                    Finish& finish) {
    constexpr int third = Count % 3 ? Count : Count / 3;
    const auto last = [&](int left) {
      if constexpr (third != Count) {
        if (left <= third) return part<third, Tiles, Stride, true>(k, first, in, weights, sums, finish);
        if (left <= 2 * third) return part<2 * third, Tiles, Stride, true>(k, first, in, weights, sums, finish);
      }
      part<Count, Tiles, Stride, true>(k, first, in, weights, sums, finish);
    };
    for (; pixels > Count; pixels -= Count, in += Count * k.in_pixel, sums += Count * Stride)
      part<Count, Tiles, Stride, false>(k, first, in, weights, sums, finish);
    last(pixels);
  }
  /// `Ahead`: fetches the weights of the next run, which lie behind these, be it of this block or the next.
  template <int Count, int Tiles, int Stride, bool Ahead, class Finish>
  static void part(const Convolution& k, int first, const char* in, const char* weights, float* sums, Finish& finish) {
    constexpr int vectors = Tiles * kVectors;
    Vector sum[Count][vectors];
    for (int i = 0; i < Count; ++i)
      for (int v = 0; v < vectors; ++v) sum[i][v] = first ? load(sums + i * Stride + v * kLanes) : Vector{};
    const std::ptrdiff_t pixel = k.in_pixel;
    const int run = kRun < k.count ? kRun : k.count, last = first + run < k.count ? first + run : k.count;
    for (int p = first; p < last; ++p) {
      const char* const from = in + k.products[p].in;
      const char* const tile = weights + k.products[p].weights;
      const char* const soon = tile + run * (Stride / kHalf) * kTileBytes;
      // Three pixels to a pointer, which addressing modes reach.
      const char* at[(Count + 2) / 3];
      for (int i = 0; i < Count; i += 3) at[i / 3] = from + i * pixel;
      for (int some = 0; some < k.products[p].inputs; some += kTogether)
        for (int input = some; input < some + kTogether; ++input) {
          if constexpr (Ahead)
            for (int t = 0; t < Tiles; ++t) __builtin_prefetch(soon + t * kTileBytes + input * 64, 0, 2);
          Vector weight[vectors];
          for (int v = 0; v < vectors; ++v)
            weight[v] = load(tile + v / kVectors * kTileBytes + (input * kHalf + v % kVectors * kLanes) * 4);
          for (int i = 0; i < Count; ++i) {
            const float x = number(at[i / 3] + i % 3 * pixel + input * 4);
            for (int v = 0; v < vectors; ++v) sum[i][v] += x * weight[v];
          }
        }
    }
    if (last == k.count)
      finish.template take<Count, Tiles, Stride>(sum, sums);
    else
      keep<Count, Tiles, Stride>(sum, sums);
  }
};

/// Bias, activations, operand, and the way to where it belongs.
template <int Halves, Binary op>
class FloatBlocks {
 public:
  static constexpr int halves = Halves;
  explicit FloatBlocks(const Convolution& k) : k_(k), walk_(k) {}

  void start(const Block& b, const float* sums) {
    block_ = b;
    sums_ = sums;
    begin(0);
  }
  void begin(int half) {
    output_ = block_.output + half * kHalf;
    walk_.start(block_);
  }
  template <int Count, int Tiles, int>
  [[gnu::always_inline]] void take(const Vector (&sum)[Count][Tiles * kVectors], const float*) {
    char* to[Count];
    const char* from[Count];
    const int pixels = walk_.places(to, from);
    for (int t = 0; t < Tiles; ++t) finish<Count, Tiles>(sum, t, pixels, to, from);
  }
  /// The same of sums in memory.
  void some(int pixels) {
    for (int run; (run = walk_.next(pixels)) > 0; pixels -= run) {
      for (int i = 0; i < run; ++i, sums_ += Halves * kHalf) {
        Vector sum[1][Halves * kVectors];
        for (int v = 0; v < Halves * kVectors; ++v) sum[0][v] = load(sums_ + v * kLanes);
        char* const to[1] = {walk_.exists ? walk_.out + i * k_.out.pixel : nullptr};
        const char* const from[1] = {walk_.operand + i * k_.operand.pixel};
        for (int t = 0; t < Halves; ++t) finish<1, Halves>(sum, t, 1, to, from);
      }
      walk_.go_on(run);
    }
  }

 private:
  /// Tile t of these sums, of so many pixels.
  template <int Count, int Tiles>
  [[gnu::always_inline]] void finish(const Vector (&sum)[Count][Tiles * kVectors], int t, int pixels,
                                     char* const (&to)[Count], const char* const (&from)[Count]) const {
    const int output = output_ + t * kHalf;
    if (k_.scatter || k_.outputs - output < kHalf) {
      for (int i = 0; i < pixels; ++i)
        if (to[i]) finish_apart(&sum[i][t * kVectors], output, from[i], to[i]);
      return;
    }
    Vector bias[kVectors];
    for (int v = 0; v < kVectors; ++v) bias[v] = load(k_.bias + output + v * kLanes);
    const Finisher finisher(k_);
#pragma GCC unroll 12
    for (int i = 0; i < Count; ++i)
      if (i < pixels && to[i])
        for (int v = 0; v < kVectors; ++v) {
          const int at = 4 * (output + v * kLanes);
          store(finisher(sum[i][t * kVectors + v] + bias[v], from[i] + at), to[i] + at);
        }
  }
  /// What is done to a sum that has its bias. A copy of what the convolution says, because stores might change that.
  struct Finisher {
    explicit Finisher(const Convolution& k) : factor(k.factor), summand(k.summand), first(k.first), last(k.last) {}
    [[gnu::always_inline]] Vector operator()(Vector x, const char* operand) const {
      if (first.is_there) x = activated(x, first.slope, first.limit);
      x = combined<op>(x * factor + summand, operand);
      return last.is_there ? activated(x, last.slope, last.limit) : x;
    }
    const float factor, summand;
    const Activation first, last;
  };
  /// A tile's outputs of which not all exist, or which do not lie side by side.
  void finish_apart(const Vector* sum, int output, const char* operand, char* out) const {
    const int exist = k_.outputs - output, count = exist < 0 ? 0 : exist < kHalf ? exist : kHalf;
    const auto at = [&](int i) { return 4 * std::ptrdiff_t(k_.scatter ? k_.scatter[output + i] : output + i); };
    alignas(64) float others[kHalf] = {}, results[kHalf];
    if (op != Binary::none)
      for (int i = 0; i < count; ++i) others[i] = number(operand + at(i));
    if (count)
      for (int v = 0; v < kVectors; ++v)
        store(Finisher(k_)(sum[v] + load(k_.bias + output + v * kLanes), reinterpret_cast<char*>(others + v * kLanes)),
              results + v * kLanes);
    for (int i = 0; i < count; ++i) __builtin_memcpy(out + at(i), results + i, 4);
    if (k_.pad) __builtin_memset(out + 4 * (output + count), 0, std::size_t(4 * (kHalf - count)));
  }

  const Convolution k_;
  Walk walk_;
  Block block_{};
  const float* sums_ = nullptr;
  int output_ = 0;  // the first of the tiles that are next
};

}  // namespace
}  // namespace calotype::onednn::kernels
