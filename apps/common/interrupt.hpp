// SPDX-License-Identifier: Apache-2.0
#pragma once

/// After this the first Ctrl-C (or SIGTERM) only asks the loop over the files to stop; the second ends the process.
void stop_gently();
/// The signal that came, or 0. To be looked at between files.
int stop_signal();
