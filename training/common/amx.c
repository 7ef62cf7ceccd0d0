// SPDX-License-Identifier: Apache-2.0
// Preloaded library for virtual machines whose CPU and kernel offer AMX tiles (XCR0, CPUID 7) but whose CPUID leaf 0x1d is empty:
// oneDNN then builds an empty tile configuration and dies of an illegal instruction. This makes CPUID fault (Linux, Intel) and
// answers leaf 0x1d with the only palette that exists: 8 tiles of 16 rows of 64 bytes.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { ARCH_CPUID = 0x1012 };

static void answer(int sig, siginfo_t *info, void *context) {
  greg_t *reg = ((ucontext_t *)context)->uc_mcontext.gregs;
  const unsigned char *code = (const unsigned char *)reg[REG_RIP];
  if (info->si_code <= 0 || info->si_addr || code[0] != 0x0f || code[1] != 0xa2) {
    signal(sig, SIG_DFL);
    return;
  }
  unsigned leaf = reg[REG_RAX], sub = reg[REG_RCX], a, b, c, d;
  syscall(SYS_arch_prctl, ARCH_CPUID, 1);
  __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(leaf), "c"(sub));
  syscall(SYS_arch_prctl, ARCH_CPUID, 0);
  if (leaf == 0 && a < 0x1e) a = 0x1e;
  if (leaf == 0x1d && sub == 0) a = 1, b = c = d = 0;
  if (leaf == 0x1d && sub == 1) a = 0x04002000, b = 0x00080040, c = 16, d = 0;
  if (leaf == 0x1e && sub == 0) a = 0, b = 0x4010, c = d = 0;
  reg[REG_RAX] = a, reg[REG_RBX] = b, reg[REG_RCX] = c, reg[REG_RDX] = d;
  reg[REG_RIP] += 2;
}

__attribute__((constructor)) static void start(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = answer;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGSEGV, &action, 0);
  if (syscall(SYS_arch_prctl, ARCH_CPUID, 0)) perror("amx: CPUID cannot be intercepted here");
}
