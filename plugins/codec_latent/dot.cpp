// SPDX-License-Identifier: Apache-2.0
#include "dot.hpp"

namespace calotype::latent {

void dot_portable(const int16_t* patches, const int16_t* weights, const int32_t* bias, int length, int outputs,
                  int32_t* sums) {
  for (int p = 0; p < kDotBlock; ++p)
    for (int block = 0; block < outputs; block += kDotOutputs) {
      const int16_t* a = patches + long(p) * length;
      const int16_t* w = weights + dot_weight(length, block, 0);
      int32_t sum[kDotOutputs];
      for (int o = 0; o < kDotOutputs; ++o) sum[o] = bias[block + o];
      for (int i = 0; i < length; i += 2, w += 2 * kDotOutputs)
        for (int o = 0; o < kDotOutputs; ++o) sum[o] += int32_t(a[i]) * w[2 * o] + int32_t(a[i + 1]) * w[2 * o + 1];
      for (int o = 0; o < kDotOutputs; ++o) sums[long(p) * outputs + block + o] = sum[o];
    }
}

DotFunction best_dot() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw")) return __builtin_cpu_supports("avx512vnni") ? dot_vnni : dot_avx512;
  if (__builtin_cpu_supports("avx2")) return dot_avx2;
#endif
  return dot_portable;
}

}  // namespace calotype::latent
