// SPDX-License-Identifier: Apache-2.0
// The loop that dot_*.cpp share. Vector: load and store, a pair of inputs in every lane, products of pairs added to
// sums.
#pragma once
#include "dot.hpp"

namespace calotype::latent {
namespace {

/// `Patches` at a time, with all sums of `Vectors` vectors of outputs in registers.
template <class Vector, int Patches, int Vectors>
void dot_blocks(const int16_t* patches, const int16_t* weights, const int32_t* bias, int length, int outputs,
                int32_t* sums) {
  constexpr int lanes = Vector::lanes;
  static_assert(kDotBlock % Patches == 0 && kDotOutputs % (Vectors * lanes) == 0);
  for (int output = 0; output < outputs; output += Vectors * lanes)
    for (int p = 0; p < kDotBlock; p += Patches) {
      Vector sum[Patches][Vectors];
      for (int v = 0; v < Vectors; ++v)
        for (int q = 0; q < Patches; ++q) sum[q][v] = Vector::load(bias + output + v * lanes);
      const int16_t* w = weights + dot_weight(length, output, 0);
      const int16_t* a = patches + long(p) * length;
      for (int i = 0; i < length; i += 2, w += 2 * kDotOutputs) {
        Vector weight[Vectors];
        for (int v = 0; v < Vectors; ++v) weight[v] = Vector::load(w + v * 2 * lanes);
        for (int q = 0; q < Patches; ++q) {
          const Vector pair = Vector::pair(a + long(q) * length + i);
          for (int v = 0; v < Vectors; ++v) sum[q][v].add_products(pair, weight[v]);
        }
      }
      for (int q = 0; q < Patches; ++q)
        for (int v = 0; v < Vectors; ++v) sum[q][v].store(sums + long(p + q) * outputs + output + v * lanes);
    }
}

}  // namespace
}  // namespace calotype::latent
