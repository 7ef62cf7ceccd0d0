// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/parallel.hpp"

namespace calotype::latent {

/// Calls f(0) ... f(count - 1), on all threads.
template <class F>
void for_all(int count, F f) {
  parallel_for(count, [&](int begin, int end) {
    for (int i = begin; i < end; ++i) f(i);
  });
}

}  // namespace calotype::latent
