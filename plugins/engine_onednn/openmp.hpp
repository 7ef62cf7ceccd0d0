// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace calotype::onednn {

/// How many threads OpenMP can have here, up to `wanted`. GCC's ends the process when it cannot start those that it is
/// asked for; and in a child of fork() it waits for the parent's for ever, so that there the calling one has to do.
int openmp_threads(int wanted);

}  // namespace calotype::onednn
