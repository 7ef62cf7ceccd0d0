// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cmath>

#include "../layout.hpp"

namespace calotype::cudnn {

/// One direction of a pooling.
struct Window {
  int kernel, stride, dilation, pad, pad_after;

  CALOTYPE_DEVICE int source(int output, int tap) const { return output * stride - pad + tap * dilation; }
};

/// The mean or the largest of a window, of what lies inside; once per eight channels.
template <class T>
struct Pooling {
  const T* in;
  T* out;
  Sides from, to;
  Window y, x;
  bool average;
  bool counts_padding;  ///< as zeros; what a window that was rounded up has beyond it never counts

  CALOTYPE_DEVICE void operator()(Index i) const {
    const Place at = to.place(i, kLanes);
    float result[kLanes];
    for (int k = 0; k < kLanes; ++k) result[k] = average ? 0.f : -INFINITY;
    int counted = 0;
    for (int tap_y = 0; tap_y < y.kernel; ++tap_y) {
      const int in_y = y.source(at.y, tap_y);
      for (int tap_x = 0; tap_x < x.kernel; ++tap_x) {
        const int in_x = x.source(at.x, tap_x);
        const bool inside = in_y >= 0 && in_y < from.height && in_x >= 0 && in_x < from.width;
        counted += inside || (counts_padding && in_y < from.height + y.pad_after && in_x < from.width + x.pad_after);
        if (!inside) continue;
        const Lanes<T> values = load(in, from.group(at.n, in_y, in_x, at.c));
        for (int k = 0; k < kLanes; ++k) {
          const float v = static_cast<float>(values.value[k]);
          if (average)
            result[k] += v;
          else if (result[k] < v)
            result[k] = v;
        }
      }
    }
    if (average)
      for (int k = 0; k < kLanes; ++k) result[k] = counted ? result[k] / static_cast<float>(counted) : 0.f;
    store(out, i, result, at.c, to.channels);
  }
};

}  // namespace calotype::cudnn
