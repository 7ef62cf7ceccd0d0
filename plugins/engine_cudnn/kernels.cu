// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "cuda.hpp"
#include "launch.hpp"

namespace calotype::cudnn {
namespace {

template <class Kernel>
__global__ void each(const __grid_constant__ Kernel kernel, Index count) {
  const Index i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) kernel(i);
}

}  // namespace

template <class Kernel>
void launch(const Kernel& kernel, Index count, cudaStream_t stream) {
  constexpr Index kThreads = 256;
  cudaLaunchConfig_t configuration{};
  configuration.gridDim = (count + kThreads - 1) / kThreads;
  configuration.blockDim = kThreads;
  configuration.stream = stream;
  // Not with <<<>>>, whose status would be the thread's last error, whoever made it.
  check(cudaLaunchKernelEx(&configuration, each<Kernel>, kernel, count), "a kernel's launch");
}

#define CALOTYPE_LAUNCH(Kernel)                                     \
  template void launch(const Kernel<float>&, Index, cudaStream_t);  \
  template void launch(const Kernel<__half>&, Index, cudaStream_t); \
  template void launch(const Kernel<__nv_bfloat16>&, Index, cudaStream_t);

CALOTYPE_LAUNCH(Chain)
CALOTYPE_LAUNCH(Convolution)
CALOTYPE_LAUNCH(DepthwiseConvolution)
CALOTYPE_LAUNCH(ConvolutionInput)
CALOTYPE_LAUNCH(Pooling)
CALOTYPE_LAUNCH(SoftmaxParts)
CALOTYPE_LAUNCH(Softmax)
CALOTYPE_LAUNCH(LineMoments)
template void launch(const ImageMoments&, Index, cudaStream_t);
CALOTYPE_LAUNCH(InstanceNormalisation)
CALOTYPE_LAUNCH(ResponseNormalisation)
CALOTYPE_LAUNCH(Resampling)
CALOTYPE_LAUNCH(CopyPart)
CALOTYPE_LAUNCH(Shuffle)
CALOTYPE_LAUNCH(Pick)
CALOTYPE_LAUNCH(Rearrangement)
CALOTYPE_LAUNCH(FromFloats)
CALOTYPE_LAUNCH(ToFloats)
CALOTYPE_LAUNCH(FromPicture)
CALOTYPE_LAUNCH(ToPicture)

}  // namespace calotype::cudnn
