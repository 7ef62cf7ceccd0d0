// SPDX-License-Identifier: Apache-2.0
// Convolutions that cuDNN does not run, and what it needs of its inputs.
#pragma once
#include <cmath>

#include "../layout.hpp"

namespace calotype::cudnn {

/// One direction of a convolution, in the words of ONNX.
struct Axis {
  int in, out, kernel, stride, dilation, pad;

  /// The input that a tap of an output reads, or -1 where there is none.
  CALOTYPE_DEVICE int source(int output, int tap, bool transposed) const {
    int place = transposed ? output + pad - tap * dilation : output * stride - pad + tap * dilation;
    if (place < 0) return -1;
    if (transposed) {
      if (place % stride != 0) return -1;
      place /= stride;
    }
    return place < in ? place : -1;
  }
};

/// Of the weights of a convolution in memory, in elements.
struct WeightStrides {
  std::size_t output = 0, tap = 0, input = 0;
};

/// Any convolution, slowly: what cuDNN's interface cannot say. Once per element.
template <class T>
struct Convolution {
  const T* in;
  const T* weights;
  T* out;
  Axis y, x;
  WeightStrides strides;
  int inputs, outputs, group;
  bool transposed, absolute;

  CALOTYPE_DEVICE void operator()(Index i) const {
    const Sides from{inputs, y.in, x.in};
    const Place at = Sides{outputs, y.out, x.out}.place(i, 1);
    float sum = 0;
    if (at.c < outputs) {
      const int per_group = inputs / group, first = at.c / (outputs / group) * per_group;
      for (int tap_y = 0; tap_y < y.kernel; ++tap_y) {
        const int in_y = y.source(at.y, tap_y, transposed);
        if (in_y < 0) continue;
        for (int tap_x = 0; tap_x < x.kernel; ++tap_x) {
          const int in_x = x.source(at.x, tap_x, transposed);
          if (in_x < 0) continue;
          const T* values = in + from.element(at.n, in_y, in_x, first);
          const T* weight = weights + static_cast<std::size_t>(at.c) * strides.output +
                            static_cast<std::size_t>(tap_y * x.kernel + tap_x) * strides.tap;
          for (int c = 0; c < per_group; ++c) {
            const float v = static_cast<float>(values[c]);
            sum += (absolute ? fabsf(v) : v) * static_cast<float>(weight[static_cast<std::size_t>(c) * strides.input]);
          }
        }
      }
    }
    out[i] = static_cast<T>(sum);
  }
};

/// One input channel for each output channel; once per eight channels. Weights: tap, padded channels.
template <class T>
struct DepthwiseConvolution {
  const T* in;
  const T* weights;
  T* out;
  Axis y, x;
  int channels;
  bool transposed, absolute;

  CALOTYPE_DEVICE void operator()(Index i) const {
    const Sides from{channels, y.in, x.in};
    const Place at = Sides{channels, y.out, x.out}.place(i, kLanes);
    float sum[kLanes] = {};
    for (int tap_y = 0; tap_y < y.kernel; ++tap_y) {
      const int in_y = y.source(at.y, tap_y, transposed);
      if (in_y < 0) continue;
      for (int tap_x = 0; tap_x < x.kernel; ++tap_x) {
        const int in_x = x.source(at.x, tap_x, transposed);
        if (in_x < 0) continue;
        const Lanes<T> values = load(in, from.group(at.n, in_y, in_x, at.c));
        const Lanes<T> weight = load(
            weights, static_cast<Index>(tap_y * x.kernel + tap_x) * from.groups() + static_cast<Index>(at.c / kLanes));
        for (int k = 0; k < kLanes; ++k) {
          const float v = static_cast<float>(values.value[k]);
          sum[k] += (absolute ? fabsf(v) : v) * static_cast<float>(weight.value[k]);
        }
      }
    }
    store(out, i, sum, at.c, channels);
  }
};

/// An input as cuDNN can read it: with zeros around it, or its magnitudes. Once per eight channels of the result.
template <class T>
struct ConvolutionInput {
  const T* in;
  T* out;
  Sides from, to;
  int top, left;
  bool absolute;

  CALOTYPE_DEVICE void operator()(Index i) const {
    const Place at = to.place(i, kLanes);
    const int y = at.y - top, x = at.x - left;
    float values[kLanes] = {};
    if (y >= 0 && y < from.height && x >= 0 && x < from.width) {
      const Lanes<T> there = load(in, from.group(at.n, y, x, at.c));
      for (int k = 0; k < kLanes; ++k) {
        const float v = static_cast<float>(there.value[k]);
        values[k] = absolute ? fabsf(v) : v;
      }
    }
    store(out, i, values, at.c, to.channels);
  }
};

}  // namespace calotype::cudnn
