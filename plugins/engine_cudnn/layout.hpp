// SPDX-License-Identifier: Apache-2.0
// How tensors lie on the device: N, H, W, C, the channels padded by zeros to whole groups of eight, as tensor cores and
// 16-byte loads want them.
#pragma once
#include <cstddef>
#include <cstdint>

#ifdef __CUDACC__
#define CALOTYPE_DEVICE __host__ __device__
#else
#define CALOTYPE_DEVICE
#endif

namespace calotype::cudnn {

/// Counts and places of elements: plan() refuses tensors of more than 2^31 of them.
using Index = std::uint32_t;

constexpr int kLanes = 8;

CALOTYPE_DEVICE constexpr int padded(int channels) { return (channels + kLanes - 1) / kLanes * kLanes; }

/// Eight channels of one pixel.
template <class T>
struct alignas(16) Lanes {
  T value[kLanes];
};

template <class T>
CALOTYPE_DEVICE Lanes<T> load(const T* from, Index group) {
  return reinterpret_cast<const Lanes<T>*>(from)[group];
}
template <class T>
CALOTYPE_DEVICE void store(T* to, Index group, const Lanes<T>& lanes) {
  reinterpret_cast<Lanes<T>*>(to)[group] = lanes;
}

}  // namespace calotype::cudnn
