// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "../layout.hpp"

namespace calotype::cudnn {

/// Once per eight channels.
template <class T>
struct Resampling {
  const T* in;
  T* out;
  Sides from, to;
  const network::Sample* rows;
  const network::Sample* columns;
  bool linear;

  CALOTYPE_DEVICE void operator()(Index i) const {
    const Place at = to.place(i, kLanes);
    const network::Sample row = rows[at.y], column = columns[at.x];
    const Lanes<T> nearest = load(in, from.group(at.n, row.low, column.low, at.c));
    if (!linear) return store(out, i, nearest);
    const Lanes<T> right = load(in, from.group(at.n, row.low, column.high, at.c)),
                   below = load(in, from.group(at.n, row.high, column.low, at.c)),
                   beyond = load(in, from.group(at.n, row.high, column.high, at.c));
    float x[kLanes];
    for (int k = 0; k < kLanes; ++k) {
      const float top = mixed(static_cast<float>(nearest.value[k]), static_cast<float>(right.value[k]), column.weight);
      const float bottom =
          mixed(static_cast<float>(below.value[k]), static_cast<float>(beyond.value[k]), column.weight);
      x[k] = mixed(top, bottom, row.weight);
    }
    store(out, i, x, at.c, to.channels);
  }

  CALOTYPE_DEVICE static float mixed(float a, float b, float weight) { return (1 - weight) * a + weight * b; }
};

}  // namespace calotype::cudnn
