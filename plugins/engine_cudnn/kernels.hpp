// SPDX-License-Identifier: Apache-2.0
// What each kernel does for element `i` of its result. Plain functions of the host too, so that they are tested without
// a device. Arithmetic is in single precision whatever T is.
#pragma once
#include <cmath>

#include "layout.hpp"
#include "network/program.hpp"

namespace calotype::cudnn {

/// A PostOp with its operands on the device.
template <class T>
struct Operation {
  network::PostOp::Kind kind;
  float numbers[2];          ///< where there is one for all channels
  const float* per_channel;  ///< otherwise, each row padded
  const T* operand;
};

template <class T>
CALOTYPE_DEVICE float apply(const Operation<T>& op, float x, int channel, int row, float other) {
  using Kind = network::PostOp::Kind;
  switch (op.kind) {
    case Kind::leaky_relu:
      return x < 0 ? x * (op.per_channel ? op.per_channel[channel] : op.numbers[0]) : x;
    case Kind::affine:
      return x * op.numbers[0] + op.numbers[1];
    case Kind::per_channel:
      return x * op.per_channel[channel] + op.per_channel[row + channel];
    case Kind::abs:
      return fabsf(x);
    case Kind::sigmoid:
      return 1 / (1 + expf(-x));
    case Kind::add:
      return x + other;
    case Kind::subtract:
      return x - other;
    case Kind::subtract_from:
      return other - x;
    case Kind::multiply:
      return x * other;
    case Kind::divide:
      return x / other;
    case Kind::divide_into:
      return other / x;
    default:  // refused by check_step()
      return x;
  }
}

/// Bias and post operations; once per eight channels. May work in place.
template <class T>
struct Chain {
  static constexpr int kMost = 6;

  const T* in;
  T* out;
  const float* bias;  ///< padded, or null
  int channels;
  int count;
  Operation<T> operations[kMost];

  CALOTYPE_DEVICE void operator()(Index i) const {
    const int row = padded(channels), first = static_cast<int>(i % static_cast<Index>(row / kLanes)) * kLanes;
    const Lanes<T> from = load(in, i);
    float x[kLanes];
    for (int k = 0; k < kLanes; ++k) x[k] = static_cast<float>(from.value[k]) + (bias ? bias[first + k] : 0.f);
    for (int n = 0; n < count; ++n) {
      const Operation<T>& op = operations[n];
      Lanes<T> other = from;  // read only where there is an operand
      if (op.operand) other = load(op.operand, i);
      for (int k = 0; k < kLanes; ++k) x[k] = apply(op, x[k], first + k, row, static_cast<float>(other.value[k]));
    }
    Lanes<T> to;
    for (int k = 0; k < kLanes; ++k) to.value[k] = static_cast<T>(first + k < channels ? x[k] : 0.f);
    store(out, i, to);
  }
};

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
    const Index row = static_cast<Index>(padded(outputs)), width = static_cast<Index>(x.out);
    const int o = static_cast<int>(i % row);
    Index pixel = i / row;
    const int out_x = static_cast<int>(pixel % width);
    pixel /= width;
    const int out_y = static_cast<int>(pixel % static_cast<Index>(y.out));
    const Index n = pixel / static_cast<Index>(y.out);
    float sum = 0;
    if (o < outputs) {
      const int per_group = inputs / group, first = o / (outputs / group) * per_group;
      for (int tap_y = 0; tap_y < y.kernel; ++tap_y) {
        const int in_y = y.source(out_y, tap_y, transposed);
        if (in_y < 0) continue;
        for (int tap_x = 0; tap_x < x.kernel; ++tap_x) {
          const int in_x = x.source(out_x, tap_x, transposed);
          if (in_x < 0) continue;
          const Index from_pixel =
              (n * static_cast<Index>(y.in) + static_cast<Index>(in_y)) * static_cast<Index>(x.in) +
              static_cast<Index>(in_x);
          const T* from = in + from_pixel * static_cast<Index>(padded(inputs)) + first;
          const T* weight = weights + static_cast<std::size_t>(o) * strides.output +
                            static_cast<std::size_t>(tap_y * x.kernel + tap_x) * strides.tap;
          for (int c = 0; c < per_group; ++c) {
            const float v = static_cast<float>(from[c]);
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
    const Index groups = static_cast<Index>(padded(channels) / kLanes), width = static_cast<Index>(x.out);
    const Index group = i % groups;
    Index pixel = i / groups;
    const int out_x = static_cast<int>(pixel % width);
    pixel /= width;
    const int out_y = static_cast<int>(pixel % static_cast<Index>(y.out));
    const Index n = pixel / static_cast<Index>(y.out);
    float sum[kLanes] = {};
    for (int tap_y = 0; tap_y < y.kernel; ++tap_y) {
      const int in_y = y.source(out_y, tap_y, transposed);
      if (in_y < 0) continue;
      for (int tap_x = 0; tap_x < x.kernel; ++tap_x) {
        const int in_x = x.source(out_x, tap_x, transposed);
        if (in_x < 0) continue;
        const Index from_pixel = (n * static_cast<Index>(y.in) + static_cast<Index>(in_y)) * static_cast<Index>(x.in) +
                                 static_cast<Index>(in_x);
        const Lanes<T> from = load(in, from_pixel * groups + group);
        const Lanes<T> weight = load(weights, static_cast<Index>(tap_y * x.kernel + tap_x) * groups + group);
        for (int k = 0; k < kLanes; ++k) {
          const float v = static_cast<float>(from.value[k]);
          sum[k] += (absolute ? fabsf(v) : v) * static_cast<float>(weight.value[k]);
        }
      }
    }
    Lanes<T> to;
    for (int k = 0; k < kLanes; ++k) to.value[k] = static_cast<T>(sum[k]);
    store(out, i, to);
  }
};

/// One operand of a concatenation; once per pixel and written channel.
template <class T>
struct CopyChannels {
  const T* in;
  T* out;
  int channels;  ///< of the operand
  int first;     ///< channel of the result
  int written;   ///< zeros from `channels` on: the padding after the last operand
  int out_row;   ///< padded channels of the result

  CALOTYPE_DEVICE void operator()(Index i) const {
    const Index pixel = i / static_cast<Index>(written);
    const int c = static_cast<int>(i % static_cast<Index>(written));
    out[pixel * static_cast<Index>(out_row) + static_cast<Index>(first + c)] =
        c < channels ? in[pixel * static_cast<Index>(padded(channels)) + static_cast<Index>(c)] : static_cast<T>(0.f);
  }
};

/// DepthToSpace and SpaceToDepth; once per element of the result.
template <class T>
struct Shuffle {
  const T* in;
  T* out;
  int in_channels, out_channels, out_height, out_width, block;
  bool to_space, columns_first;

  CALOTYPE_DEVICE void operator()(Index i) const {
    const Index row = static_cast<Index>(padded(out_channels));
    const int c = static_cast<int>(i % row);
    Index pixel = i / row;
    const int x = static_cast<int>(pixel % static_cast<Index>(out_width));
    pixel /= static_cast<Index>(out_width);
    const int y = static_cast<int>(pixel % static_cast<Index>(out_height));
    const Index n = pixel / static_cast<Index>(out_height);
    if (c >= out_channels) {
      out[i] = static_cast<T>(0.f);
      return;
    }
    int channel, in_y, in_x, in_height, in_width;
    if (to_space) {
      const int place = y % block * block + x % block;
      channel = columns_first ? c * block * block + place : place * out_channels + c;
      in_y = y / block, in_x = x / block, in_height = out_height / block, in_width = out_width / block;
    } else {
      const int place = c / in_channels;
      channel = c % in_channels;
      in_y = y * block + place / block, in_x = x * block + place % block;
      in_height = out_height * block, in_width = out_width * block;
    }
    const Index from = (n * static_cast<Index>(in_height) + static_cast<Index>(in_y)) * static_cast<Index>(in_width) +
                       static_cast<Index>(in_x);
    out[i] = in[from * static_cast<Index>(padded(in_channels)) + static_cast<Index>(channel)];
  }
};

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
