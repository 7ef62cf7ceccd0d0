// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/engine.hpp"
#include "constants.hpp"
#include "cuda.hpp"

namespace calotype::cudnn {

/// A program with its weights on a device. T: the type of activations and weights there.
template <class T>
class CudnnNetwork : public Network, public std::enable_shared_from_this<CudnnNetwork<T>> {
 public:
  /// `device`: CUDA's number.
  CudnnNetwork(network::Program program, int device);
  ~CudnnNetwork() override;
  std::unique_ptr<Session> session() const override;
  NetworkInfo info() const override;

  const network::Program& program() const { return program_; }
  int device() const { return device_; }
  const Constants& layout() const { return layout_; }
  const std::uint8_t* constants() const { return constants_->data(); }

 private:
  network::Program program_;
  int device_;
  Constants layout_;  ///< without the bytes
  std::unique_ptr<Buffer> constants_;
};

}  // namespace calotype::cudnn
