// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cmath>

#include "../layout.hpp"

namespace calotype::cudnn {

/// Of the pixels of a line, by channel: means, a row of them, then the sums of squared deviations. Once per line and
/// eight channels.
template <class T>
struct LineMoments {
  const T* in;
  float* out;
  Sides sides;

  CALOTYPE_DEVICE void operator()(Index i) const {
    const Index line = i / sides.groups(), group = i % sides.groups(), width = static_cast<Index>(sides.width);
    float mean[kLanes] = {}, squares[kLanes] = {};
    for (Index x = 0; x < width; ++x) {
      const Lanes<T> from = load(in, (line * width + x) * sides.groups() + group);
      for (int k = 0; k < kLanes; ++k) mean[k] += static_cast<float>(from.value[k]);
    }
    for (int k = 0; k < kLanes; ++k) mean[k] /= static_cast<float>(sides.width);
    for (Index x = 0; x < width; ++x) {
      const Lanes<T> from = load(in, (line * width + x) * sides.groups() + group);
      for (int k = 0; k < kLanes; ++k) {
        const float deviation = static_cast<float>(from.value[k]) - mean[k];
        squares[k] += deviation * deviation;
      }
    }
    float* const to = out + line * 2 * sides.row() + group * kLanes;
    for (int k = 0; k < kLanes; ++k) to[k] = mean[k], to[sides.row() + static_cast<Index>(k)] = squares[k];
  }
};

/// Of an image, by channel: its mean, and one over its standard deviation. Once per image and padded channel.
struct ImageMoments {
  const float* lines;
  float* out;
  Sides sides;
  float epsilon;

  CALOTYPE_DEVICE void operator()(Index i) const {
    const Index row = sides.row(), n = i / row, c = i % row, height = static_cast<Index>(sides.height);
    const float* const from = lines + n * height * 2 * row + c;
    float mean = 0, squares = 0;
    for (Index y = 0; y < height; ++y) mean += from[y * 2 * row];
    mean /= static_cast<float>(sides.height);
    for (Index y = 0; y < height; ++y) {
      const float deviation = from[y * 2 * row] - mean;
      squares += from[y * 2 * row + row] + static_cast<float>(sides.width) * deviation * deviation;
    }
    const float variance = squares / (static_cast<float>(sides.height) * static_cast<float>(sides.width));
    out[n * 2 * row + c] = mean;
    out[n * 2 * row + row + c] = 1 / sqrtf(variance + epsilon);
  }
};

/// Once per eight channels.
template <class T>
struct InstanceNormalisation {
  const T* in;
  T* out;
  const float* images;   ///< what ImageMoments makes
  const float* numbers;  ///< factors, then summands, each row padded
  Sides sides;

  CALOTYPE_DEVICE void operator()(Index i) const {
    const Place at = sides.place(i, kLanes);
    const Lanes<T> from = load(in, i);
    const float* const image = images + at.n * 2 * sides.row() + static_cast<Index>(at.c);
    const float* const factor = numbers + at.c;
    float x[kLanes];
    for (int k = 0; k < kLanes; ++k) {
      const Index other = sides.row() + static_cast<Index>(k);
      x[k] = (static_cast<float>(from.value[k]) - image[k]) * image[other] * factor[k] + factor[other];
    }
    store(out, i, x, at.c, sides.channels);
  }
};

/// By the squares of neighbouring channels; once per element.
template <class T>
struct ResponseNormalisation {
  const T* in;
  T* out;
  int channels, size;
  float alpha, beta, bias;

  CALOTYPE_DEVICE void operator()(Index i) const {
    const int c = static_cast<int>(i % static_cast<Index>(padded(channels))), before = (size - 1) / 2;
    if (c >= channels) {
      out[i] = static_cast<T>(0.f);
      return;
    }
    const T* const pixel = in + (i - static_cast<Index>(c));
    const int first = c < before ? 0 : c - before, end = c - before + size < channels ? c - before + size : channels;
    float sum = 0;
    for (int k = first; k < end; ++k) sum += static_cast<float>(pixel[k]) * static_cast<float>(pixel[k]);
    out[i] = static_cast<T>(static_cast<float>(pixel[c]) * powf(bias + alpha / static_cast<float>(size) * sum, -beta));
  }
};

}  // namespace calotype::cudnn
