// SPDX-License-Identifier: Apache-2.0
// Between the order and type of the host's tensors and pictures and those of the device.
#pragma once
#include <cmath>

#include "../layout.hpp"

namespace calotype::cudnn {

/// Floats on the host's side of the bus: N, C, H, W, or N, H, W, C.
struct FloatLayout {
  int channels;
  Index plane;  ///< H W
  bool channels_last;

  CALOTYPE_DEVICE Index place(Index n, int channel, Index pixel) const {
    const Index count = static_cast<Index>(channels), c = static_cast<Index>(channel);
    return n * count * plane + (channels_last ? pixel * count + c : c * plane + pixel);
  }
};

/// Floats to the device's order; once per eight channels of a pixel, neighbours along the plane.
template <class T>
struct FromFloats {
  const float* in;
  T* out;
  FloatLayout layout;

  CALOTYPE_DEVICE void operator()(Index i) const {
    const Index groups = static_cast<Index>(padded(layout.channels) / kLanes), plane = layout.plane;
    const Index pixel = i % plane, group = i / plane % groups, n = i / plane / groups;
    const int first = static_cast<int>(group) * kLanes;
    Lanes<T> to;
    for (int k = 0; k < kLanes; ++k)
      to.value[k] = static_cast<T>(first + k < layout.channels ? in[layout.place(n, first + k, pixel)] : 0.f);
    store(out, (n * plane + pixel) * groups + group, to);
  }
};

/// The way back.
template <class T>
struct ToFloats {
  const T* in;
  float* out;
  FloatLayout layout;

  CALOTYPE_DEVICE void operator()(Index i) const {
    const Index groups = static_cast<Index>(padded(layout.channels) / kLanes), plane = layout.plane;
    const Index pixel = i % plane, group = i / plane % groups, n = i / plane / groups;
    const int first = static_cast<int>(group) * kLanes;
    const Lanes<T> from = load(in, (n * plane + pixel) * groups + group);
    for (int k = 0; k < kLanes && first + k < layout.channels; ++k)
      out[layout.place(n, first + k, pixel)] = static_cast<float>(from.value[k]);
  }
};

/// Samples of a picture: 8 or 16 bits, grey or B, G, R.
struct Samples {
  bool wide, grey;

  CALOTYPE_DEVICE float scale() const { return wide ? 65535.f : 255.f; }
};

/// A picture as the tensor 1, 3, H, W; once per pixel.
template <class T>
struct FromPicture {
  const void* in;
  T* out;
  Samples samples;

  CALOTYPE_DEVICE void operator()(Index i) const {
    const float unit = 1 / samples.scale();
    Lanes<T> to;
    for (int k = 0; k < kLanes; ++k) to.value[k] = static_cast<T>(0.f);
    for (int c = 0; c < 3; ++c) {
      const Index place = samples.grey ? i : 3 * i + static_cast<Index>(2 - c);
      const float sample = samples.wide ? static_cast<float>(static_cast<const std::uint16_t*>(in)[place])
                                        : static_cast<float>(static_cast<const std::uint8_t*>(in)[place]);
      to.value[c] = static_cast<T>(sample * unit);
    }
    store(out, i, to);
  }
};

/// The tensor 1, 3, H, W as a picture, clipped and rounded; once per pixel.
template <class T>
struct ToPicture {
  const T* in;
  void* out;
  Samples samples;

  CALOTYPE_DEVICE void put(Index place, float value) const {
    const float sample = fminf(fmaxf(value, 0.f), 1.f) * samples.scale() + 0.5f;
    if (samples.wide)
      static_cast<std::uint16_t*>(out)[place] = static_cast<std::uint16_t>(sample);
    else
      static_cast<std::uint8_t*>(out)[place] = static_cast<std::uint8_t>(sample);
  }
  CALOTYPE_DEVICE void operator()(Index i) const {
    const Lanes<T> from = load(in, i);
    const float r = static_cast<float>(from.value[0]), g = static_cast<float>(from.value[1]),
                b = static_cast<float>(from.value[2]);
    if (samples.grey) return put(i, (r + g + b) / 3);
    put(3 * i, b);
    put(3 * i + 1, g);
    put(3 * i + 2, r);
  }
};

}  // namespace calotype::cudnn
