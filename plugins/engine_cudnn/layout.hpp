// SPDX-License-Identifier: Apache-2.0
// How tensors lie on the device: N, H, W, C, the channels padded by zeros to whole groups of eight, as tensor cores and
// 16-byte loads want them.
#pragma once
#include <cstddef>
#include <cstdint>

#include "network/program.hpp"

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
/// `values` are channels from `first` on; those beyond the last of `channels` become zeros, whatever was computed.
template <class T>
CALOTYPE_DEVICE void store(T* to, Index group, const float* values, int first, int channels) {
  Lanes<T> lanes;
  for (int k = 0; k < kLanes; ++k) lanes.value[k] = static_cast<T>(first + k < channels ? values[k] : 0.f);
  store(to, group, lanes);
}

/// Image, row, column and channel.
struct Place {
  Index n;
  int y, x, c;
};

/// Of a tensor, of however many images.
struct Sides {
  int channels, height, width;

  CALOTYPE_DEVICE Index row() const { return static_cast<Index>(padded(channels)); }
  CALOTYPE_DEVICE Index groups() const { return row() / kLanes; }
  /// Number `i` of the runs of `run` channels that memory consists of; `run` divides the row.
  CALOTYPE_DEVICE Place place(Index i, int run) const {
    const Index runs = row() / static_cast<Index>(run), pixel = i / runs, line = pixel / static_cast<Index>(width);
    return {line / static_cast<Index>(height), static_cast<int>(line % static_cast<Index>(height)),
            static_cast<int>(pixel % static_cast<Index>(width)), static_cast<int>(i % runs) * run};
  }
  CALOTYPE_DEVICE Index pixel(Index n, int y, int x) const {
    return (n * static_cast<Index>(height) + static_cast<Index>(y)) * static_cast<Index>(width) + static_cast<Index>(x);
  }
  CALOTYPE_DEVICE Index element(Index n, int y, int x, int c) const {
    return pixel(n, y, x) * row() + static_cast<Index>(c);
  }
  CALOTYPE_DEVICE Index group(Index n, int y, int x, int c) const { return element(n, y, x, c) / kLanes; }
};

inline Sides sides_of(const network::Shape& shape) { return {shape[1], shape[2], shape[3]}; }

/// Elements that a value takes with its padding.
inline std::size_t padded_elements(const network::Shape& s) {
  return network::elements({s[0], padded(s[1]), s[2], s[3]});
}

}  // namespace calotype::cudnn
