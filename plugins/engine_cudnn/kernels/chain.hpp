// SPDX-License-Identifier: Apache-2.0
// What is done to single elements.
#pragma once
#include <cmath>

#include "../layout.hpp"

namespace calotype::cudnn {

/// A PostOp with its operands on the device.
template <class T>
struct Operation {
  network::PostOp::Kind kind;
  float numbers[2];          ///< where there is one for all channels
  const float* per_channel;  ///< otherwise, each row padded
  const T* operand;
  // Of an operand with sides of 1, along which it repeats. Steps are in groups of eight channels.
  bool repeated, one_channel;
  Index image, line, pixel;

  /// The operand's eight channels for group `i` of a result with these sides.
  CALOTYPE_DEVICE Lanes<T> other(Index i, const Sides& sides) const {
    if (!repeated) return load(operand, i);
    const Place at = sides.place(i, kLanes);
    const Index before = at.n * image + static_cast<Index>(at.y) * line + static_cast<Index>(at.x) * pixel;
    if (!one_channel) return load(operand, before + static_cast<Index>(at.c / kLanes));
    Lanes<T> all = load(operand, before);
    for (int k = 1; k < kLanes; ++k) all.value[k] = all.value[0];
    return all;
  }
};

template <class T>
CALOTYPE_DEVICE float apply(const Operation<T>& op, float x, int channel, int row, float other, float& kept) {
  using Kind = network::PostOp::Kind;
  switch (op.kind) {
    case Kind::leaky_relu:
      return x < 0 ? x * (op.per_channel ? op.per_channel[channel] : op.numbers[0]) : x;
    case Kind::affine:
      return x * op.numbers[0] + op.numbers[1];
    case Kind::per_channel:
      return x * op.per_channel[channel] + op.per_channel[row + channel];
    case Kind::clamp:
      return x < op.numbers[0] ? op.numbers[0] : x > op.numbers[1] ? op.numbers[1] : x;
    case Kind::power:
      return powf(x, op.numbers[0]);
    case Kind::elu:
      return x < 0 ? op.numbers[0] * expm1f(x) : x;
    case Kind::abs:
      return fabsf(x);
    case Kind::sigmoid:
      return 1 / (1 + expf(-x));
    case Kind::tanh:
      return tanhf(x);
    case Kind::erf:
      return erff(x);
    case Kind::exp:
      return expf(x);
    case Kind::log:
      return logf(x);
    case Kind::sqrt:
      return sqrtf(x);
    case Kind::reciprocal:
      return 1 / x;
    case Kind::softplus:
      return x > 20 ? x : log1pf(expf(x));
    case Kind::keep:
      kept = x;
      return x;
    case Kind::times_kept:
      return x * kept;
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
      break;
  }
  return other / x;
}

/// Bias and post operations; once per eight channels. May work in place.
template <class T>
struct Chain {
  static constexpr int kMost = 16;

  const T* in;
  T* out;
  const float* bias;  ///< padded, or null
  Sides sides;
  int count;
  Operation<T> operations[kMost];

  CALOTYPE_DEVICE void operator()(Index i) const {
    const int first = static_cast<int>(i % sides.groups()) * kLanes;
    const Lanes<T> from = load(in, i);
    float x[kLanes], kept[kLanes] = {};
    for (int k = 0; k < kLanes; ++k) x[k] = static_cast<float>(from.value[k]) + (bias ? bias[first + k] : 0.f);
    for (int n = 0; n < count; ++n) {
      const Operation<T>& op = operations[n];
      const Lanes<T> other = op.operand ? op.other(i, sides) : from;  // read only where there is an operand
      for (int k = 0; k < kLanes; ++k)
        x[k] = apply(op, x[k], first + k, padded(sides.channels), static_cast<float>(other.value[k]), kept[k]);
    }
    store(out, i, x, first, sides.channels);
  }
};

}  // namespace calotype::cudnn
