// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "cases.hpp"

/// A program of steps of every kind, whose values share memory, with one to three pictures as input. The same for the
/// same seed.
Case random_program(unsigned seed);
