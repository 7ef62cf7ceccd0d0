// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Before a function with plain loops: one source, the best instructions that the machine has.
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CALOTYPE_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CALOTYPE_CLONES
#endif
