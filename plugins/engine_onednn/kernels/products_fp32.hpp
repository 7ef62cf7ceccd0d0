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

inline Vector activated(Vector v, float slope) { return v < 0 ? v * slope : v; }

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
  static void begin() {}
  static void end() {}
  static void clear_signs(const char* from, std::ptrdiff_t bytes, char* to) {
    for (std::ptrdiff_t i = 0; i < bytes; i += 4) {
      const float v = number(from + i), magnitude = __builtin_fabsf(v);
      __builtin_memcpy(to + i, &magnitude, 4);
    }
  }

  template <int Pixels, class Finish>
  static void multiply(const Convolution& k, const char* in, const char* weights, float* sums, Finish& before) {
    before.some(kBlock);
    constexpr int tiles = kVectors == 1 ? Finish::halves : 1, stride = Finish::halves * kHalf;
    constexpr int most = kRegisters == 32 ? kVectors == 1 ? Pixels == 2 ? 12 : 8 : 6 : kVectors == 2 ? 6 : 2;
    for (int half = 0; half < Finish::halves; half += tiles, weights += tiles * kTileBytes, sums += tiles * kHalf)
      for (int first = 0; first < k.count; first += kRun)
        parts<most, tiles, 16 * Pixels, stride>(k, first, in, weights, sums);
  }

 private:
  static constexpr int kRun = kLanes == 16 ? 24 : 8;      // products
  static constexpr int kTogether = kLanes == 16 ? 2 : 1;  // inputs; with more, compilers run out of registers

  template <int Count, int Tiles, int Pixels, int Stride>
  static void parts(const Convolution& k, int first, const char* in, const char* weights, float* sums) {
    part<Count, Tiles, Stride, true>(k, first, in, weights, sums);
    int i = Count;
    for (; i + Count <= Pixels; i += Count)
      part<Count, Tiles, Stride, false>(k, first, in + i * k.in_pixel, weights, sums + i * Stride);
    if constexpr (Pixels % Count != 0)
      part<Pixels % Count, Tiles, Stride, false>(k, first, in + i * k.in_pixel, weights, sums + i * Stride);
  }
  /// `Ahead`: fetches the weights of the next run, which lie behind these.
  template <int Count, int Tiles, int Stride, bool Ahead>
  static void part(const Convolution& k, int first, const char* in, const char* weights, float* sums) {
    constexpr int vectors = Tiles * kVectors;
    Vector sum[Count][vectors];
    for (int i = 0; i < Count; ++i)
      for (int v = 0; v < vectors; ++v) sum[i][v] = first ? load(sums + i * Stride + v * kLanes) : Vector{};
    const std::ptrdiff_t pixel = k.in_pixel;
    const int last = first + kRun < k.count ? first + kRun : k.count;
    for (int p = first; p < last; ++p) {
      const char* const from = in + k.products[p].in;
      const char* const tile = weights + k.products[p].weights;
      const bool more = p + kRun < k.count || k.winograd;
      const char* const soon = more ? tile + kRun * (Stride / kHalf) * kTileBytes : tile;
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
    for (int i = 0; i < Count; ++i)
      for (int v = 0; v < vectors; ++v) store(sum[i][v], sums + i * Stride + v * kLanes);
  }
};

/// Bias, activations, operand, and the way to where it belongs.
template <int Halves, Binary op>
class FloatBlocks {
 public:
  static constexpr int halves = Halves;
  explicit FloatBlocks(const Convolution& k) : k_(k) {}

  void start(const Block& b, const float* sums) {
    sums_ = sums;
    left_ = b.pixels;
    output_ = b.output;
    out_ = place(k_.out, b);
    operand_ = op == Binary::none ? out_ : place(k_.operand, b);
  }
  void some(int pixels) {
    const int count = pixels < left_ ? pixels : left_, exist = k_.outputs - output_;
    if (exist >= Halves * kHalf && !k_.scatter)
      finish<Halves>(count, output_, operand_ + 4 * output_, k_.operand.pixel, out_ + 4 * output_, k_.out.pixel);
    else
      for (int i = 0; i < count; ++i)
        for (int half = 0; half < Halves; ++half)
          finish_apart(output_ + half * kHalf, operand_ + i * k_.operand.pixel, out_ + i * k_.out.pixel);
    out_ += count * k_.out.pixel;
    operand_ += count * k_.operand.pixel;
    left_ -= count;
  }

 private:
  /// `Tiles` of outputs from `output` on. What the loop needs is in registers, because its stores might change the
  /// rest.
  template <int Tiles>
  void finish(int count, int output, const char* operand, std::ptrdiff_t operand_pixel, char* out,
              std::ptrdiff_t out_pixel) {
    constexpr int vectors = Tiles * kVectors;
    const float *sums = sums_, *bias = k_.bias + output;
    const float slope = k_.slope, factor = k_.factor, summand = k_.summand, slope_last = k_.slope_last;
    const bool activate = k_.activate, activate_last = k_.activate_last;
    for (int i = 0; i < count; ++i, operand += operand_pixel, out += out_pixel)
      for (int v = 0; v < vectors; ++v, sums += kLanes) {
        Vector x = load(sums) + load(bias + v * kLanes);
        if (activate) x = activated(x, slope);
        x = combined<op>(x * factor + summand, operand + v * kLanes * 4);
        if (activate_last) x = activated(x, slope_last);
        store(x, out + v * kLanes * 4);
      }
    sums_ = sums;
  }
  /// A tile's outputs of which not all exist, or which do not lie side by side.
  void finish_apart(int output, const char* operand, char* out) {
    const int exist = k_.outputs - output, count = exist < 0 ? 0 : exist < kHalf ? exist : kHalf;
    const auto at = [&](int i) { return 4 * std::ptrdiff_t(k_.scatter ? k_.scatter[output + i] : output + i); };
    alignas(64) float others[kHalf] = {}, results[kHalf];
    if (op != Binary::none)
      for (int i = 0; i < count; ++i) others[i] = number(operand + at(i));
    finish<1>(1, output, reinterpret_cast<const char*>(others), 0, reinterpret_cast<char*>(results), 0);
    for (int i = 0; i < count; ++i) __builtin_memcpy(out + at(i), results + i, 4);
    if (k_.pad) __builtin_memset(out + 4 * (output + count), 0, std::size_t(4 * (kHalf - count)));
  }

  const Convolution k_;
  const float* sums_ = nullptr;
  const char* operand_ = nullptr;
  char* out_ = nullptr;
  int left_ = 0, output_ = 0;
};

}  // namespace
}  // namespace calotype::onednn::kernels
