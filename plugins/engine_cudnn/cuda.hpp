// SPDX-License-Identifier: Apache-2.0
// CUDA's and cuDNN's objects with owners, and their statuses as errors.
#pragma once
#include <cuda_runtime_api.h>
#include <cudnn.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace calotype::cudnn {

/// Throw engine, naming the call and saying a way out.
void check(cudaError_t status, const char* call);
void check(cudnnStatus_t status, const char* call);

template <auto Destroy>
struct Destroyer {
  template <class Object>
  void operator()(Object* object) const {
    Destroy(object);
  }
};
using Stream = std::unique_ptr<CUstream_st, Destroyer<cudaStreamDestroy>>;
using Graph = std::unique_ptr<CUgraph_st, Destroyer<cudaGraphDestroy>>;
using ExecutableGraph = std::unique_ptr<CUgraphExec_st, Destroyer<cudaGraphExecDestroy>>;
using Handle = std::unique_ptr<cudnnContext, Destroyer<cudnnDestroy>>;
using TensorDescriptor = std::unique_ptr<cudnnTensorStruct, Destroyer<cudnnDestroyTensorDescriptor>>;
using FilterDescriptor = std::unique_ptr<cudnnFilterStruct, Destroyer<cudnnDestroyFilterDescriptor>>;
using ConvolutionDescriptor = std::unique_ptr<cudnnConvolutionStruct, Destroyer<cudnnDestroyConvolutionDescriptor>>;

/// Makes a device the calling thread's current one, and then again the one that the program had before.
class CurrentDevice {
 public:
  explicit CurrentDevice(int device) noexcept;
  ~CurrentDevice();
  CurrentDevice(const CurrentDevice&) = delete;
  CurrentDevice& operator=(const CurrentDevice&) = delete;
  /// Throws engine where it could not.
  void check() const;

 private:
  int before_ = -1, device_;
  cudaError_t status_;
};

/// Held while a run is captured, and while cuDNN's handles come and go: that waits for the whole device, which a
/// capture in any thread forbids.
std::mutex& capture_mutex();

/// Calls create(&object).
template <class Owner, class Create>
Owner make(Create create, const char* call) {
  typename Owner::pointer object = nullptr;
  check(create(&object), call);
  return Owner(object);
}

/// One that the default stream does not wait for.
Stream make_stream();

/// Memory of the current device, or of the host where the device reads and writes it directly.
class Buffer {
 public:
  enum class Place { device, host };
  explicit Buffer(Place place) : place_(place) {}
  ~Buffer() { release(); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  /// Forgets the contents, and moves, where it has to grow. Throws engine.
  void reserve(std::size_t bytes);
  /// False where there is not so much memory, and then there is none.
  bool try_reserve(std::size_t bytes);
  void release();
  /// Null where there is none.
  unsigned char* data() const { return static_cast<unsigned char*>(data_); }
  std::size_t size() const { return size_; }
  /// Another number whenever data() is another.
  int moves() const { return moves_; }

 private:
  Place place_;
  void* data_ = nullptr;
  std::size_t size_ = 0;
  int moves_ = 0;
};

/// A copy in the current device's memory, made on `stream`, whole when this returns. Throws engine.
std::unique_ptr<Buffer> upload(const std::vector<std::uint8_t>& bytes, cudaStream_t stream);

}  // namespace calotype::cudnn
