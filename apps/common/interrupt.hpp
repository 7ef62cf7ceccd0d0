// SPDX-License-Identifier: Apache-2.0
#pragma once

/// After this the first Ctrl-C (or SIGTERM) only asks for no more files to be begun; the second ends the process.
/// A signal that the caller ignores, as shells do for jobs in the background, stays ignored.
void stop_gently();
/// The signal that came, or 0. To be looked at before another file is begun.
int stop_signal();
