// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace calotype {

/// Starts OpenCV's threads, as many as the system lets it have, before code whose loops fail where one cannot be
/// started. Throws limit where there once was no memory for them: in its next loop OpenCV would wait for them for ever.
void start_pool();

}  // namespace calotype
