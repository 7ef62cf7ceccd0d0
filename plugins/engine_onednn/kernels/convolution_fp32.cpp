// SPDX-License-Identifier: Apache-2.0
#include "convolution_fp32.hpp"

namespace calotype::onednn::kernels {

#if defined(__x86_64__) && defined(__linux__)
void convolve_fp32_avx2(const Convolution&, int, int, char*);
void convolve_fp32_avx2(const Depthwise&, int, int);
void convolve_fp32_avx512(const Convolution&, int, int, char*);
void convolve_fp32_avx512(const Depthwise&, int, int);

void convolve_fp32(const Convolution& k, int begin, int end, char* space) {
  switch (float_unit()) {
    case FloatUnit::avx512:
      return convolve_fp32_avx512(k, begin, end, space);
    case FloatUnit::avx2:
      return convolve_fp32_avx2(k, begin, end, space);
    default:
      convolve_floats(k, begin, end, space);
  }
}
void convolve_fp32(const Depthwise& k, int begin, int end) {
  switch (float_unit()) {
    case FloatUnit::avx512:
      return convolve_fp32_avx512(k, begin, end);
    case FloatUnit::avx2:
      return convolve_fp32_avx2(k, begin, end);
    default:
      convolve_floats(k, begin, end);
  }
}
#else
void convolve_fp32(const Convolution& k, int begin, int end, char* space) { convolve_floats(k, begin, end, space); }
void convolve_fp32(const Depthwise& k, int begin, int end) { convolve_floats(k, begin, end); }
#endif

}  // namespace calotype::onednn::kernels
