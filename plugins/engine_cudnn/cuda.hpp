// SPDX-License-Identifier: Apache-2.0
// CUDA's and cuDNN's objects with owners, and their statuses as errors.
#pragma once
#include <cuda_runtime_api.h>
#include <cudnn.h>

#include <cstddef>
#include <memory>
#include <mutex>

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

  /// Forgets the contents, and moves, where it has to grow.
  void reserve(std::size_t bytes);
  unsigned char* data() const { return static_cast<unsigned char*>(data_); }
  int moves() const { return moves_; }

 private:
  void release();

  Place place_;
  void* data_ = nullptr;
  std::size_t size_ = 0;
  int moves_ = 0;
};

}  // namespace calotype::cudnn
