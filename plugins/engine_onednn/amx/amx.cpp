// SPDX-License-Identifier: Apache-2.0
#include "amx.hpp"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace calotype::onednn::amx {

#if defined(__x86_64__) && defined(__linux__)
namespace {

bool ask() {
  constexpr unsigned avx512f = 1u << 16, avx512bw = 1u << 30, avx512vl = 1u << 31;  // leaf 7, EBX
  constexpr unsigned tiles = 1u << 24, tile_bf16 = 1u << 22;                        // EDX
  constexpr unsigned avx512_bf16 = 1u << 5;                                         // leaf 7.1, EAX
  constexpr unsigned osxsave = 1u << 27;                                            // leaf 1, ECX
  constexpr unsigned states = 0xE6 | 3u << 17;  // XCR0: vectors up to 512 bits, tile configuration and data
  constexpr long request_permission = 0x1023, tile_data = 18;  // arch_prctl(2), since Linux 5.16
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & osxsave)) return false;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  if ((b & (avx512f | avx512bw | avx512vl)) != (avx512f | avx512bw | avx512vl)) return false;
  if ((d & (tiles | tile_bf16)) != (tiles | tile_bf16)) return false;
  if (!__get_cpuid_count(7, 1, &a, &b, &c, &d) || !(a & avx512_bf16)) return false;
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & states) != states) return false;
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

}  // namespace

bool available() {
  static const bool answer = ask();
  return answer;
}
#else
bool available() { return false; }
#endif

}  // namespace calotype::onednn::amx
