// SPDX-License-Identifier: Apache-2.0
// What must not be loaded because it happens to lie in the current folder.
#include <cstdio>

__attribute__((constructor)) static void loaded() { std::fputs("the stowaway was loaded\n", stderr); }
