// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <mutex>

namespace calotype {

/// While the process forks, `mutex` is held, so that the child finds whole what it guards; there, `in_child` puts right
/// what threads were about that the child does not have. For what is never destroyed. Of two mutexes that a thread may
/// hold at once, the outer one is registered first.
void at_fork(std::mutex& mutex, std::function<void()> in_child = {});

}  // namespace calotype
