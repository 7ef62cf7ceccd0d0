// SPDX-License-Identifier: Apache-2.0
// The inner loop of integer networks. No standard headers: dot_*.cpp are compiled with flags that other code must not
// inherit.
#pragma once
#include <stdint.h>

namespace calotype::latent {

constexpr int kDotBlock = 4;   ///< patches computed together
constexpr int kDotAlign = 32;  ///< `length` is a multiple of this

/// sums[p * outputs + o] = bias[o] + sum_i patches[p * length + i] * weights[o * length + i] for p < kDotBlock.
using DotFunction = void (*)(const int16_t* patches, const int16_t* weights, const int32_t* bias, int length,
                             int outputs, int32_t* sums);

void dot_portable(const int16_t*, const int16_t*, const int32_t*, int, int, int32_t*);
#if defined(__x86_64__)
void dot_avx2(const int16_t*, const int16_t*, const int32_t*, int, int, int32_t*);
void dot_avx512(const int16_t*, const int16_t*, const int32_t*, int, int, int32_t*);
#endif

/// The fastest that this processor runs; all give equal sums.
DotFunction best_dot();

}  // namespace calotype::latent
