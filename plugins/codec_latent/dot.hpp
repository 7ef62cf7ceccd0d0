// SPDX-License-Identifier: Apache-2.0
// The inner loop of integer networks. No standard headers: dot_*.cpp are compiled with flags that other code must not
// inherit.
#pragma once
#include <stdint.h>

namespace calotype::latent {

constexpr int kDotBlock = 8;     ///< patches computed together
constexpr int kDotOutputs = 32;  ///< outputs stand in blocks of this many, filled up

/// sums[p * outputs + o] = bias[o] + sum_i patches[p * length + i] * w[o][i] for p < kDotBlock. `length` is even,
/// `outputs` a multiple of kDotOutputs, and weights lie as the vector units read them: see dot_weight().
using DotFunction = void (*)(const int16_t* patches, const int16_t* weights, const int32_t* bias, int length,
                             int outputs, int32_t* sums);

/// Where weight w[o][i] lies: blocks of outputs, in them pairs of inputs, in them one pair per output.
constexpr long dot_weight(int length, int o, int i) {
  return (long(o / kDotOutputs) * length + i / 2 * 2) * kDotOutputs + o % kDotOutputs * 2 + i % 2;
}
constexpr int dot_length(int inputs) { return (inputs + 1) / 2 * 2; }
constexpr int dot_outputs(int outputs) { return (outputs + kDotOutputs - 1) / kDotOutputs * kDotOutputs; }

void dot_portable(const int16_t*, const int16_t*, const int32_t*, int, int, int32_t*);
#if defined(__x86_64__)
void dot_avx2(const int16_t*, const int16_t*, const int32_t*, int, int, int32_t*);
void dot_avx512(const int16_t*, const int16_t*, const int32_t*, int, int, int32_t*);
void dot_vnni(const int16_t*, const int16_t*, const int32_t*, int, int, int32_t*);
#endif

/// The fastest that this processor runs; all give equal sums.
DotFunction best_dot();

}  // namespace calotype::latent
