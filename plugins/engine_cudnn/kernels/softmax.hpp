// SPDX-License-Identifier: Apache-2.0
// Over the channels of each pixel, in two steps, so that a single pixel of many channels is work for many threads.
#pragma once
#include <cmath>

#include "../layout.hpp"

namespace calotype::cudnn {

/// What a part of a pixel's channels contributes.
struct SoftmaxPart {
  static constexpr int kChannels = 64;
  CALOTYPE_DEVICE static constexpr int count(int channels) { return (channels + kChannels - 1) / kChannels; }

  float most;
  float sum;  ///< of e^(x - most)
};

/// Once per pixel and part.
template <class T>
struct SoftmaxParts {
  const T* in;
  SoftmaxPart* parts;
  int channels;

  CALOTYPE_DEVICE void operator()(Index i) const {
    const Index count = static_cast<Index>(SoftmaxPart::count(channels));
    const int first = static_cast<int>(i % count) * SoftmaxPart::kChannels;
    const int end = first + SoftmaxPart::kChannels < channels ? first + SoftmaxPart::kChannels : channels;
    const T* const pixel = in + i / count * static_cast<Index>(padded(channels));
    SoftmaxPart part{-INFINITY, 0};
    for (int c = first; c < end; ++c) part.most = fmaxf(part.most, static_cast<float>(pixel[c]));
    for (int c = first; c < end; ++c) part.sum += expf(static_cast<float>(pixel[c]) - part.most);
    parts[i] = part;
  }
};

/// Once per eight channels.
template <class T>
struct Softmax {
  const T* in;
  T* out;
  const SoftmaxPart* parts;
  int channels;

  CALOTYPE_DEVICE void operator()(Index i) const {
    const Index groups = static_cast<Index>(padded(channels) / kLanes);
    const int count = SoftmaxPart::count(channels), first = static_cast<int>(i % groups) * kLanes;
    const SoftmaxPart* const all = parts + i / groups * static_cast<Index>(count);
    float most = -INFINITY, sum = 0;
    for (int p = 0; p < count; ++p) most = fmaxf(most, all[p].most);
    for (int p = 0; p < count; ++p)
      if (all[p].most > -INFINITY) sum += all[p].sum * expf(all[p].most - most);  // others hold no number
    const Lanes<T> from = load(in, i);
    float x[kLanes];
    for (int k = 0; k < kLanes; ++k) x[k] = expf(static_cast<float>(from.value[k]) - most) / sum;
    store(out, i, x, first, channels);
  }
};

}  // namespace calotype::cudnn
