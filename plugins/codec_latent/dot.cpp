// SPDX-License-Identifier: Apache-2.0
#include "dot.hpp"

namespace calotype::latent {

void dot_portable(const int16_t* patches, const int16_t* weights, const int32_t* bias, int length, int outputs,
                  int32_t* sums) {
  for (int p = 0; p < kDotBlock; ++p) {
    const int16_t* a = patches + p * length;
    for (int o = 0; o < outputs; ++o) {
      const int16_t* w = weights + long(o) * length;
      int32_t sum = bias[o];
      for (int i = 0; i < length; ++i) sum += int32_t(a[i]) * w[i];  // compilers make pmaddwd or smlal of this
      sums[p * outputs + o] = sum;
    }
  }
}

DotFunction best_dot() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw")) return dot_avx512;
  if (__builtin_cpu_supports("avx2")) return dot_avx2;
#endif
  return dot_portable;
}

}  // namespace calotype::latent
