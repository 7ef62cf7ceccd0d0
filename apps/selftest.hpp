// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Loads every element, model and network on every engine, and round-trips a small picture through every codec.
/// Prints one line (or JSON object) per check; returns the exit status: 0, or that of a plugin failure.
int selftest(bool json);
