// SPDX-License-Identifier: Apache-2.0
#include "dot_avx512.cpp"
