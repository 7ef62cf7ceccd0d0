// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cuda_runtime_api.h>

#include "kernels.hpp"

namespace calotype::cudnn {

/// kernel(0) .. kernel(count - 1), for every kernel of kernels.hpp and every type of activations.
template <class Kernel>
void launch(const Kernel& kernel, Index count, cudaStream_t stream);

}  // namespace calotype::cudnn
