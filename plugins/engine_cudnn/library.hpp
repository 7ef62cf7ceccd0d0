// SPDX-License-Identifier: Apache-2.0
// What the plugin and the library beside it agree on.
#pragma once

namespace calotype {

constexpr char kCudnnLibrary[] = "cudnn_runtime.so";
/// A function Engine*() that makes a CudnnEngine.
constexpr char kMakeCudnnEngine[] = "calotype_make_cudnn_engine";

}  // namespace calotype
