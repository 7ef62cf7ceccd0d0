// SPDX-License-Identifier: Apache-2.0
#include "library_convolution.hpp"

#include <algorithm>

#include "attempts.hpp"
#include "runner.hpp"

namespace calotype::cudnn {
namespace {

/// cuDNN may want copies of both tensors in another layout.
std::size_t most_workspace(const network::Shape& in, const network::Shape& out) {
  return std::max(std::size_t(1) << 30, 3 * sizeof(float) * (padded_elements(in) + padded_elements(out)));
}

bool ok(cudnnStatus_t status) { return status == CUDNN_STATUS_SUCCESS; }

}  // namespace

LibraryConvolution::LibraryConvolution(const network::Step& step, const network::Shape& in, const network::Shape& out,
                                       cudnnDataType_t type)
    : transposed_(step.kind == network::Step::Kind::transposed_convolution),
      type_(type),
      in_(make<TensorDescriptor>(cudnnCreateTensorDescriptor, "cudnnCreateTensorDescriptor")),
      out_(make<TensorDescriptor>(cudnnCreateTensorDescriptor, "cudnnCreateTensorDescriptor")),
      weights_(make<FilterDescriptor>(cudnnCreateFilterDescriptor, "cudnnCreateFilterDescriptor")),
      convolution_(make<ConvolutionDescriptor>(cudnnCreateConvolutionDescriptor, "cudnnCreateConvolutionDescriptor")),
      most_workspace_(most_workspace(in, out)),
      possible_(describe(step, in, out)) {}

bool LibraryConvolution::describe(const network::Step& step, const network::Shape& given, const network::Shape& out) {
  const auto [in, pad, is_copy] = library_input(step, given);
  const int inputs = padded(in[1]), outputs = padded(out[1]);
  // The transposed one is the gradient of a convolution from its result to its input.
  const int k = transposed_ ? inputs : outputs, c = (transposed_ ? outputs : inputs) / step.group;
  return ok(cudnnSetTensor4dDescriptor(in_.get(), CUDNN_TENSOR_NHWC, type_, in[0], inputs, in[2], in[3])) &&
         ok(cudnnSetTensor4dDescriptor(out_.get(), CUDNN_TENSOR_NHWC, type_, out[0], outputs, out[2], out[3])) &&
         ok(cudnnSetFilter4dDescriptor(weights_.get(), type_, CUDNN_TENSOR_NHWC, k, c, step.kernel[0],
                                       step.kernel[1])) &&
         ok(cudnnSetConvolution2dDescriptor(convolution_.get(), pad[0], pad[1], step.stride[0], step.stride[1],
                                            step.dilation[0], step.dilation[1], CUDNN_CROSS_CORRELATION,
                                            CUDNN_DATA_FLOAT)) &&
         ok(cudnnSetConvolutionGroupCount(convolution_.get(), step.group)) &&
         ok(cudnnSetConvolutionMathType(convolution_.get(),
                                        type_ == CUDNN_DATA_FLOAT ? CUDNN_FMA_MATH : CUDNN_TENSOR_OP_MATH));
}

std::vector<LibraryConvolution::Algorithm> LibraryConvolution::proposals(cudnnHandle_t handle) const {
  std::vector<Algorithm> result;
  int count = 0;
  const auto collect = [&](const auto& found) {
    for (const cudnnDeterminism_t determinism : {CUDNN_DETERMINISTIC, CUDNN_NON_DETERMINISTIC})
      for (int i = 0; i < count; ++i) {
        const auto& p = found[static_cast<std::size_t>(i)];
        if (ok(p.status) && p.determinism == determinism) result.push_back({static_cast<int>(p.algo), p.mathType, 0});
      }
  };
  if (transposed_) {
    std::vector<cudnnConvolutionBwdDataAlgoPerf_t> found(CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT);
    if (ok(cudnnGetConvolutionBackwardDataAlgorithm_v7(handle, weights_.get(), in_.get(), convolution_.get(),
                                                       out_.get(), static_cast<int>(found.size()), &count,
                                                       found.data())))
      collect(found);
  } else {
    std::vector<cudnnConvolutionFwdAlgoPerf_t> found(CUDNN_CONVOLUTION_FWD_ALGO_COUNT);
    if (ok(cudnnGetConvolutionForwardAlgorithm_v7(handle, in_.get(), weights_.get(), convolution_.get(), out_.get(),
                                                  static_cast<int>(found.size()), &count, found.data())))
      collect(found);
  }
  return result;
}

bool LibraryConvolution::prepare(cudnnHandle_t handle, Algorithm& algorithm) const {
  // cuDNN's default mathematics for fp32 would be TF32.
  const cudnnMathType_t math = type_ == CUDNN_DATA_FLOAT ? CUDNN_FMA_MATH : algorithm.math;
  if (!ok(cudnnSetConvolutionMathType(convolution_.get(), math))) return false;
  const cudnnStatus_t status =
      transposed_ ? cudnnGetConvolutionBackwardDataWorkspaceSize(
                        handle, weights_.get(), in_.get(), convolution_.get(), out_.get(),
                        static_cast<cudnnConvolutionBwdDataAlgo_t>(algorithm.number), &algorithm.workspace)
                  : cudnnGetConvolutionForwardWorkspaceSize(
                        handle, in_.get(), weights_.get(), convolution_.get(), out_.get(),
                        static_cast<cudnnConvolutionFwdAlgo_t>(algorithm.number), &algorithm.workspace);
  return ok(status) && algorithm.workspace <= most_workspace_;
}

cudnnStatus_t LibraryConvolution::execute(cudnnHandle_t handle, const Algorithm& algorithm, const void* in,
                                          const void* weights, void* out, const Buffer& workspace) const {
  const float one = 1, zero = 0;
  return transposed_
             ? cudnnConvolutionBackwardData(handle, &one, weights_.get(), weights, in_.get(), in, convolution_.get(),
                                            static_cast<cudnnConvolutionBwdDataAlgo_t>(algorithm.number),
                                            workspace.data(), algorithm.workspace, &zero, out_.get(), out)
             : cudnnConvolutionForward(handle, &one, in_.get(), in, weights_.get(), weights, convolution_.get(),
                                       static_cast<cudnnConvolutionFwdAlgo_t>(algorithm.number), workspace.data(),
                                       algorithm.workspace, &zero, out_.get(), out);
}

bool LibraryConvolution::run(cudnnHandle_t handle, const void* in, const void* weights, void* out, Buffer& workspace) {
  if (!possible_) return false;
  // Its workspace may have failed to grow for another size, and be gone.
  if (chosen_ && workspace.try_reserve(chosen_->workspace)) {
    check(execute(handle, *chosen_, in, weights, out, workspace),
          transposed_ ? "cudnnConvolutionBackwardData" : "cudnnConvolutionForward");
    return true;
  }
  chosen_ = first_that_runs(
      proposals(handle), [&](Algorithm& algorithm) { return prepare(handle, algorithm); },
      [&](std::size_t bytes) { return workspace.try_reserve(bytes); },
      [&](const Algorithm& algorithm) { return ok(execute(handle, algorithm, in, weights, out, workspace)); });
  return possible_ = chosen_.has_value();
}

}  // namespace calotype::cudnn
