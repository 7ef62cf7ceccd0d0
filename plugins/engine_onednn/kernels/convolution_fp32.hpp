// SPDX-License-Identifier: Apache-2.0
// Convolutions in fp32, for the widest vectors that the including file is compiled for.
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

inline Vector combined(Binary op, Vector v, Vector other) {
  switch (op) {
    case Binary::add:
      return v + other;
    case Binary::subtract:
      return v - other;
    case Binary::subtract_from:
      return other - v;
    case Binary::multiply:
      return v * other;
    case Binary::divide:
      return v / other;
    case Binary::divide_into:
      return other / v;
    default:
      return v;
  }
}

/// A tile at a time. Pixels are taken in parts whose sums fit into registers, products in runs whose weights stay in
/// the first cache while all parts go by.
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
    constexpr int stride = Finish::halves * kHalf, most = (kRegisters - kVectors - 1) / kVectors;
    constexpr int run = 8;
    for (int half = 0; half < Finish::halves; ++half, weights += kTileBytes, sums += kHalf)
      for (int first = 0; first < k.count; first += run) {
        const int last = first + run < k.count ? first + run : k.count;
        if constexpr (most >= 16)
          parts<16, 16 * Pixels, stride>(k, first, last, in, weights, sums);
        else if constexpr (most >= 6)
          parts<6, 16 * Pixels, stride>(k, first, last, in, weights, sums);
        else
          parts<2, 16 * Pixels, stride>(k, first, last, in, weights, sums);
      }
  }

 private:
  template <int Count, int Pixels, int Stride>
  static void parts(const Convolution& k, int first, int last, const char* in, const char* weights, float* sums) {
    int i = 0;
    for (; i + Count <= Pixels; i += Count)
      part<Count, Stride>(k, first, last, in + i * k.in_pixel, weights, sums + i * Stride);
    if constexpr (Pixels % Count != 0)
      part<Pixels % Count, Stride>(k, first, last, in + i * k.in_pixel, weights, sums + i * Stride);
  }
  template <int Count, int Stride>
  static void part(const Convolution& k, int first, int last, const char* in, const char* weights, float* sums) {
    Vector sum[Count][kVectors];
    for (int i = 0; i < Count; ++i)
      for (int v = 0; v < kVectors; ++v) sum[i][v] = first ? load(sums + i * Stride + v * kLanes) : Vector{};
    const std::ptrdiff_t pixel = k.in_pixel;
    for (int p = first; p < last; ++p) {
      const char* const from = in + k.products[p].in;
      const char* const tile = weights + k.products[p].weights;
      // Three pixels to a pointer, which addressing modes reach. Not unrolled: compilers would run out of registers.
      const char* at[(Count + 2) / 3];
      for (int i = 0; i < Count; i += 3) at[i / 3] = from + i * pixel;
      for (int input = 0; input < depth<float>(); ++input) {
        Vector weight[kVectors];
        for (int v = 0; v < kVectors; ++v) weight[v] = load(tile + (input * kHalf + v * kLanes) * 4);
        for (int i = 0; i < Count; ++i) {
          const float x = number(at[i / 3] + i % 3 * pixel + input * 4);
          for (int v = 0; v < kVectors; ++v) sum[i][v] += x * weight[v];
        }
      }
    }
    for (int i = 0; i < Count; ++i)
      for (int v = 0; v < kVectors; ++v) store(sum[i][v], sums + i * Stride + v * kLanes);
  }
};

/// Bias, activations, operand, and the way to where it belongs.
template <int Halves>
class FloatBlocks {
 public:
  static constexpr int halves = Halves;
  explicit FloatBlocks(const Convolution& k) : k_(k) {}

  void start(const Block& b, const float* sums) {
    sums_ = sums;
    left_ = b.pixels;
    output_ = b.output;
    out_ = place(k_.out, b);
    operand_ = k_.binary == Binary::none ? out_ : place(k_.operand, b);
  }
  void some(int pixels) {
    const int count = pixels < left_ ? pixels : left_;
    for (int i = 0; i < count; ++i) {
      for (int half = 0; half < Halves; ++half, sums_ += kHalf) {
        const int output = output_ + half * kHalf, exist = k_.outputs - output;
        if (exist >= kHalf && !k_.scatter)
          finish(output, operand_ + 4 * output, out_ + 4 * output);
        else if (exist > 0 || k_.pad)
          finish_apart(output, exist < 0 ? 0 : exist < kHalf ? exist : kHalf);
      }
      out_ += k_.out.pixel;
      operand_ += k_.operand.pixel;
    }
    left_ -= count;
  }

 private:
  void finish(int output, const char* operand, char* out) {
    for (int i = 0; i < kHalf; i += kLanes) {
      Vector v = load(sums_ + i) + load(k_.bias + output + i);
      if (k_.activate) v = activated(v, k_.slope);
      v = v * k_.factor + k_.summand;
      if (k_.binary != Binary::none) v = combined(k_.binary, v, load(operand + 4 * i));
      if (k_.activate_last) v = activated(v, k_.slope_last);
      store(v, out + 4 * i);
    }
  }
  /// Of `count` outputs that are fewer than a tile's, or lie apart.
  void finish_apart(int output, int count) {
    const auto at = [&](int i) { return 4 * std::ptrdiff_t(k_.scatter ? k_.scatter[output + i] : output + i); };
    alignas(64) float other[kHalf] = {}, results[kHalf];
    if (k_.binary != Binary::none)
      for (int i = 0; i < count; ++i) other[i] = number(operand_ + at(i));
    finish(output, reinterpret_cast<const char*>(other), reinterpret_cast<char*>(results));
    for (int i = 0; i < count; ++i) __builtin_memcpy(out_ + at(i), results + i, 4);
    if (k_.pad) __builtin_memset(out_ + 4 * (output + count), 0, std::size_t(4 * (kHalf - count)));
  }

  const Convolution k_;
  const float* sums_ = nullptr;
  const char* operand_ = nullptr;
  char* out_ = nullptr;
  int left_ = 0, output_ = 0;
};

void convolve_floats(const Convolution& k, int begin, int end) {
  if (halves(k.outputs, k.pad) == 1)
    rows<FloatProducts, FloatBlocks<1>>(k, begin, end);
  else
    rows<FloatProducts, FloatBlocks<2>>(k, begin, end);
}

void convolve_floats(const Depthwise& k, int begin, int end) {
  const int padded = (k.channels + kBlock - 1) / kBlock * kBlock;
  for (int i = begin; i < end; ++i) {
    const int image = i / k.rows, row = i % k.rows;
    const char* in = k.in + image * k.in_image + row * k.in_row;
    char* out = k.out.data + image * k.out.image + row * k.out.row;
    for (int x = 0; x < k.columns; ++x, in += k.in_pixel, out += k.out.pixel)
      for (int c = 0; c < padded; c += kLanes) {
        Vector v = load(k.bias + c);
        for (int t = 0; t < k.taps; ++t) v += load(k.weights + t * padded + c) * load(in + k.offsets[t] + 4 * c);
        if (k.activate) v = activated(v, k.slope);
        store(v, out + 4 * c);
      }
  }
}

}  // namespace
}  // namespace calotype::onednn::kernels
