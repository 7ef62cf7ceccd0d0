// SPDX-License-Identifier: Apache-2.0
#include "convolution_fp32.hpp"

namespace calotype::onednn::kernels {

void convolve_fp32_avx512(const Convolution& k, int begin, int end, char* space) {
  convolve_floats(k, begin, end, space);
}
void convolve_fp32_avx512(const Depthwise& k, int begin, int end) { convolve_floats(k, begin, end); }

}  // namespace calotype::onednn::kernels
