// SPDX-License-Identifier: Apache-2.0
#include "kernels.hpp"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#endif

namespace calotype::onednn::kernels {

#if defined(__x86_64__) && defined(__linux__)
namespace {

constexpr unsigned kVectorStates = 0xE6, kTileStates = 3u << 17;  // of XCR0

unsigned enabled_states() {
  constexpr unsigned osxsave = 1u << 27;  // leaf 1, ECX
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & osxsave)) return 0;
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

bool has_vectors() {
  constexpr unsigned avx512f = 1u << 16, avx512bw = 1u << 30, avx512vl = 1u << 31;  // leaf 7, EBX
  constexpr unsigned avx512_bf16 = 1u << 5;                                         // leaf 7.1, EAX
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  if ((b & (avx512f | avx512bw | avx512vl)) != (avx512f | avx512bw | avx512vl)) return false;
  if (!__get_cpuid_count(7, 1, &a, &b, &c, &d) || !(a & avx512_bf16)) return false;
  return (enabled_states() & kVectorStates) == kVectorStates;
}

bool has_tiles() {
  constexpr unsigned tiles = 1u << 24, tile_bf16 = 1u << 22;   // leaf 7, EDX
  constexpr long request_permission = 0x1023, tile_data = 18;  // arch_prctl(2), since Linux 5.16
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & (tiles | tile_bf16)) != (tiles | tile_bf16)) return false;
  return (enabled_states() & kTileStates) == kTileStates && syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

std::string limit_from_environment() {
  const char* variable = std::getenv("ONEDNN_MAX_CPU_ISA");
  return variable ? variable : "ALL";
}

FloatUnit ask_for_floats() {
  const std::string limit = limit_from_environment();
  const bool none = limit == "SSE41" || limit == "AVX", short_ones = limit.compare(0, 4, "AVX2") == 0;
  if (none || !__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return FloatUnit::portable;
  return short_ones || !__builtin_cpu_supports("avx512f") ? FloatUnit::avx2 : FloatUnit::avx512;
}

Unit ask() {
  const std::string limit = limit_from_environment();
  const bool all = limit == "ALL" || limit == "DEFAULT" || limit.find("AMX") != std::string::npos;
  if (!has_vectors() || !(all || limit == "AVX512_CORE_BF16")) return Unit::none;
  return all && has_tiles() ? Unit::tiles : Unit::vectors;
}

}  // namespace

Unit unit() {
  static const Unit answer = ask();
  return answer;
}
FloatUnit float_unit() {
  static const FloatUnit answer = ask_for_floats();
  return answer;
}
#else
Unit unit() { return Unit::none; }
FloatUnit float_unit() { return FloatUnit::portable; }
#endif

}  // namespace calotype::onednn::kernels
