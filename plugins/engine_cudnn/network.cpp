// SPDX-License-Identifier: Apache-2.0
#include "network.hpp"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "pack.hpp"
#include "session.hpp"

namespace calotype::cudnn {

template <class T>
CudnnNetwork<T>::CudnnNetwork(network::Program program, int device)
    : program_(std::move(program)), device_(device), layout_(pack<T>(program_)) {
  const CurrentDevice current(device_);
  current.check();
  constants_ = upload(layout_.bytes, make_stream().get());
  layout_.bytes = {};
  program_.drop_weights();
}

template <class T>
CudnnNetwork<T>::~CudnnNetwork() {
  const CurrentDevice current(device_);
  constants_.reset();
}

template <class T>
std::unique_ptr<Session> CudnnNetwork<T>::session() const {
  return std::make_unique<CudnnSession<T>>(this->shared_from_this());
}

template <class T>
NetworkInfo CudnnNetwork<T>::info() const {
  return {"cudnn", "cuda:" + std::to_string(device_), Element<T>::name};
}

template class CudnnNetwork<float>;
template class CudnnNetwork<__half>;
template class CudnnNetwork<__nv_bfloat16>;

}  // namespace calotype::cudnn
