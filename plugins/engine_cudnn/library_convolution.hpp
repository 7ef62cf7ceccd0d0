// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "cuda.hpp"
#include "network/program.hpp"

namespace calotype::cudnn {

/// One convolution at one size through cuDNN's convolution calls; its graph interface would replace this class alone.
/// fp32 is computed without TF32. What it reads is library_input().
class LibraryConvolution {
 public:
  LibraryConvolution(const network::Step& step, const network::Shape& in, const network::Shape& out,
                     cudnnDataType_t type);
  /// False where cuDNN has no algorithm for it, or there is no memory for any. The first call picks one by running it,
  /// and may grow `workspace`.
  bool run(cudnnHandle_t handle, const void* in, const void* weights, void* out, Buffer& workspace);

 private:
  struct Algorithm {
    int number;
    cudnnMathType_t math;
    std::size_t workspace;
  };

  bool describe(const network::Step& step, const network::Shape& in, const network::Shape& out);
  /// cuDNN's proposals: first those whose results are the same from run to run, the fastest first.
  std::vector<Algorithm> proposals(cudnnHandle_t handle) const;
  bool prepare(cudnnHandle_t handle, Algorithm& algorithm) const;
  cudnnStatus_t execute(cudnnHandle_t handle, const Algorithm& algorithm, const void* in, const void* weights,
                        void* out, const Buffer& workspace) const;

  bool transposed_;
  cudnnDataType_t type_;
  TensorDescriptor in_, out_;
  FilterDescriptor weights_;
  ConvolutionDescriptor convolution_;
  std::size_t most_workspace_;
  bool possible_;
  std::optional<Algorithm> chosen_;
};

}  // namespace calotype::cudnn
