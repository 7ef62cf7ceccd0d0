// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>

#include "calotype/export.hpp"

namespace calotype {

/// Calls work(begin, end) for pieces that together are 0 ... count, on OpenCV's threads, whose number is the program's
/// to choose; on fewer, down to the caller alone, where the system allows no more. `pieces`: at most so many; 0: as
/// OpenCV likes. All pieces have ended when it returns or throws what the first that failed has thrown.
CALOTYPE_API void parallel_for(int count, const std::function<void(int begin, int end)>& work, int pieces = 0);

/// How many threads, up to `wanted`, the system lets the process have beside those that it has.
CALOTYPE_API int startable_threads(int wanted);

}  // namespace calotype
