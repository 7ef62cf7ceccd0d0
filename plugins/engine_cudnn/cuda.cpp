// SPDX-License-Identifier: Apache-2.0
#include "cuda.hpp"

#include <string>

#include "calotype/error.hpp"

namespace calotype::cudnn {
namespace {

const char* const kSmaller = "use smaller tiles, or another device or engine (device=, engine=)";
const char* const kOther = "use another device or engine (device=, engine=)";

}  // namespace

void check(cudaError_t status, const char* call) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // or the next call would report it again
  throw Error(ErrorCode::engine,
              std::string(call) + " failed: " + cudaGetErrorString(status) + " (" + cudaGetErrorName(status) + ")",
              status == cudaErrorMemoryAllocation ? kSmaller : kOther);
}

void check(cudnnStatus_t status, const char* call) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  const bool memory = status == CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED ||
                      status == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
  throw Error(ErrorCode::engine, std::string(call) + " failed: " + cudnnGetErrorString(status),
              memory ? kSmaller : kOther);
}

Stream make_stream() {
  return make<Stream>([](cudaStream_t* s) { return cudaStreamCreateWithFlags(s, cudaStreamNonBlocking); },
                      "cudaStreamCreateWithFlags");
}

std::mutex& capture_mutex() {
  static std::mutex mutex;
  return mutex;
}

void Buffer::reserve(std::size_t bytes) {
  if (bytes <= size_) return;
  ++moves_;
  release();
  if (place_ == Place::device)
    check(cudaMalloc(&data_, bytes), "cudaMalloc");
  else
    check(cudaMallocHost(&data_, bytes), "cudaMallocHost");
  size_ = bytes;
}

void Buffer::release() {
  if (place_ == Place::device)
    cudaFree(data_);
  else
    cudaFreeHost(data_);
  data_ = nullptr;
  size_ = 0;
}

}  // namespace calotype::cudnn
