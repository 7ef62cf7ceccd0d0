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
  cudaGetLastError();  // the program that we are part of would take it for one of its own
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

CurrentDevice::CurrentDevice(int device) noexcept : device_(device), status_(cudaGetDevice(&before_)) {
  if (status_ == cudaSuccess && before_ != device_) status_ = cudaSetDevice(device_);
}

CurrentDevice::~CurrentDevice() {
  if (status_ == cudaSuccess && before_ != device_) cudaSetDevice(before_);
}

void CurrentDevice::check() const { cudnn::check(status_, "cudaSetDevice"); }

bool Buffer::try_reserve(std::size_t bytes) {
  if (bytes <= size_) return true;
  ++moves_;
  release();
  const bool on_device = place_ == Place::device;
  const cudaError_t status = on_device ? cudaMalloc(&data_, bytes) : cudaMallocHost(&data_, bytes);
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    data_ = nullptr;
    return false;
  }
  check(status, on_device ? "cudaMalloc" : "cudaMallocHost");
  size_ = bytes;
  return true;
}

void Buffer::reserve(std::size_t bytes) {
  if (!try_reserve(bytes)) check(cudaErrorMemoryAllocation, place_ == Place::device ? "cudaMalloc" : "cudaMallocHost");
}

void Buffer::release() {
  if (!data_) return;
  if (place_ == Place::device)
    cudaFree(data_);
  else
    cudaFreeHost(data_);
  data_ = nullptr;
  size_ = 0;
  ++moves_;
}

std::unique_ptr<Buffer> upload(const std::vector<std::uint8_t>& bytes, cudaStream_t stream) {
  auto buffer = std::make_unique<Buffer>(Buffer::Place::device);
  if (bytes.empty()) return buffer;
  buffer->reserve(bytes.size());
  check(cudaMemcpyAsync(buffer->data(), bytes.data(), bytes.size(), cudaMemcpyHostToDevice, stream), "cudaMemcpyAsync");
  check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
  return buffer;
}

}  // namespace calotype::cudnn
