// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <map>

#include "launch.hpp"
#include "library_convolution.hpp"
#include "network.hpp"
#include "plan.hpp"
#include "port.hpp"

namespace calotype::cudnn {

template <class T>
struct Element;
template <>
struct Element<float> {
  static constexpr const char* name = "fp32";
  static constexpr cudnnDataType_t type = CUDNN_DATA_FLOAT;
};
template <>
struct Element<__half> {
  static constexpr const char* name = "fp16";
  static constexpr cudnnDataType_t type = CUDNN_DATA_HALF;
};
template <>
struct Element<__nv_bfloat16> {
  static constexpr const char* name = "bf16";
  static constexpr cudnnDataType_t type = CUDNN_DATA_BFLOAT16;
};

/// Runs a network on a stream of its own. What the sizes of inputs decide is kept; the second run of a size is captured
/// as a CUDA graph, which the following ones launch.
template <class T>
class CudnnSession : public Session {
 public:
  explicit CudnnSession(std::shared_ptr<const CudnnNetwork<T>> network);
  ~CudnnSession() override;
  void run(const TensorMap& in, TensorMap& out) override;

  // What Run asks of a device; acts on the run under way.
  template <class Kernel>
  void each(Index count, const Kernel& kernel) {
    launch(kernel, count, stream_.get());
  }
  bool convolve(std::size_t step, const T* in, const T* weights, T* out);

 private:
  /// Everything about one set of sizes and types.
  struct Prepared {
    std::vector<Port> inputs, outputs;
    std::size_t input_bytes = 0, output_bytes = 0;
    Plan plan;
    std::unique_ptr<Buffer> tables;                                 ///< the plan's
    std::vector<std::unique_ptr<LibraryConvolution>> convolutions;  ///< of each step, once it ran
    bool has_run = false, can_be_captured = true;
    ExecutableGraph graph;
    int graph_memory = 0;  ///< the state of memory_ whose addresses it holds
  };
  /// Grows with the largest run and is shared by all.
  struct Memory {
    Buffer values{Buffer::Place::device}, workspace{Buffer::Place::device};
    Buffer device_in{Buffer::Place::device}, device_out{Buffer::Place::device};
    Buffer host_in{Buffer::Place::host}, host_out{Buffer::Place::host};

    std::size_t device_bytes() const { return values.size() + workspace.size() + device_in.size() + device_out.size(); }
    void release() {
      for (Buffer* buffer : {&values, &workspace, &device_in, &device_out, &host_in, &host_out}) buffer->release();
    }
    /// Changes whenever an address does.
    int state() const {
      return values.moves() + workspace.moves() + device_in.moves() + device_out.moves() + host_in.moves() +
             host_out.moves();
    }
  };

  Prepared& prepare(const TensorMap& in, const TensorMap& out);
  /// Throws limit where the device's memory is too little.
  void reserve(const Prepared& prepared);
  void execute(Prepared& prepared);
  /// Puts the whole run on the stream, from the upload to the download.
  void enqueue(Prepared& prepared);
  bool capture(Prepared& prepared);
  T* value(const Plan& plan, int number) const;

  std::shared_ptr<const CudnnNetwork<T>> network_;
  Stream stream_;
  Handle handle_;
  Memory memory_;
  std::map<std::vector<int>, Prepared> prepared_;
  Prepared* running_ = nullptr;
};

}  // namespace calotype::cudnn
