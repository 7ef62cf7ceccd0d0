// SPDX-License-Identifier: Apache-2.0
// Convolutions in fp32, for the widest vectors that the including file is compiled for.
#pragma once
#include "products_fp32.hpp"
#include "winograd_fp32.hpp"

namespace calotype::onednn::kernels {
namespace {

template <Binary op>
void convolve_floats(const Convolution& k, int begin, int end, char* space) {
  if (k.winograd)
    winograd_blocks<op>(k, begin, end, space);
  else if (halves(k.outputs, k.pad) == 1)
    rows<FloatProducts, FloatBlocks<1, op>>(k, begin, end, space);
  else
    rows<FloatProducts, FloatBlocks<2, op>>(k, begin, end, space);
}

void convolve_floats(const Convolution& k, int begin, int end, char* space) {
  switch (k.binary) {
    case Binary::none:
      return convolve_floats<Binary::none>(k, begin, end, space);
    case Binary::add:
      return convolve_floats<Binary::add>(k, begin, end, space);
    case Binary::subtract:
      return convolve_floats<Binary::subtract>(k, begin, end, space);
    case Binary::subtract_from:
      return convolve_floats<Binary::subtract_from>(k, begin, end, space);
    case Binary::multiply:
      return convolve_floats<Binary::multiply>(k, begin, end, space);
    case Binary::divide:
      return convolve_floats<Binary::divide>(k, begin, end, space);
    case Binary::divide_into:
      return convolve_floats<Binary::divide_into>(k, begin, end, space);
  }
}

/// `Pixels` of a row, some vectors of channels from `c` on.
template <int Pixels, int Vectors>
void depthwise_part(const Depthwise& k, int padded, int c, const char* in, char* out) {
  Vector sum[Pixels][Vectors];
#pragma GCC unroll 8
  for (int i = 0; i < Pixels; ++i)
    for (int v = 0; v < Vectors; ++v) sum[i][v] = load(k.bias + c + v * kLanes);
  const float* weights = k.weights + c;
  const std::ptrdiff_t in_pixel = k.in_pixel, out_pixel = k.out.pixel;
  for (int t = 0; t < k.taps; ++t, weights += padded) {
    const char* const from = in + k.offsets[t] + 4 * c;
    for (int v = 0; v < Vectors; ++v) {
      const Vector weight = load(weights + v * kLanes);
#pragma GCC unroll 8
      for (int i = 0; i < Pixels; ++i) sum[i][v] += weight * load(from + i * in_pixel + 4 * v * kLanes);
    }
  }
  const Activation act = k.activation;
  const int exist = k.pad ? padded - c : k.channels - c;
  out += 4 * c;
#pragma GCC unroll 8
  for (int i = 0; i < Pixels; ++i) {
    for (int v = 0; v < Vectors; ++v)
      if (act.is_there) sum[i][v] = activated(sum[i][v], act.slope, act.limit);
    if (exist >= Vectors * kLanes) {
      for (int v = 0; v < Vectors; ++v) store(sum[i][v], out + i * out_pixel + 4 * v * kLanes);
    } else {
      alignas(64) float few[Vectors * kLanes];
      for (int v = 0; v < Vectors; ++v) store(sum[i][v], few + v * kLanes);
      __builtin_memcpy(out + i * out_pixel, few, std::size_t(4 * exist));
    }
  }
}

void convolve_floats(const Depthwise& k, int begin, int end) {
  constexpr int vectors = 2;
  const int padded = (k.channels + kBlock - 1) / kBlock * kBlock;
  for_each_part(k, begin, end, vectors * kLanes, [&](auto count, int c, const char* in, char* out) {
    depthwise_part<count, vectors>(k, padded, c, in, out);
  });
}

}  // namespace
}  // namespace calotype::onednn::kernels
