// SPDX-License-Identifier: Apache-2.0
// Processes that may start no thread, have little memory or one processor: as much as can be done is done, and what
// cannot is a limit, not a bug.
#include <grp.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "child.hpp"
#include "files.hpp"

namespace {

/// As root the number of processes has no limit.
void become_nobody() {
  constexpr unsigned nobody = 65534;
  if (geteuid() == 0 && (setgroups(0, nullptr) || setgid(nobody) || setuid(nobody))) _exit(126);
}

void one_process() {
  become_nobody();
  const rlimit one{1, 1};
  if (setrlimit(RLIMIT_NPROC, &one)) _exit(126);
}

void one_processor() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<unsigned>(sched_getcpu()), &one);
  if (sched_setaffinity(0, sizeof one, &one)) _exit(126);
}

std::function<void()> memory(rlim_t megabytes) {
  return [megabytes] {
    const rlimit limit{megabytes << 20, megabytes << 20};
    if (setrlimit(RLIMIT_AS, &limit)) _exit(126);
  };
}

/// Command lines that work where nothing is scarce, of everything that starts threads.
std::vector<Command> work(const Files& files) {
  const std::string png = files.path("whole.png"), calo = files.path("whole.calo"), out = files.path("out");
  return {{kCalotype, "compress", png, "-o", out + ".calo", "--overwrite"},
          {kCalotype, "compress", "-e", "2", png, "-o", out + ".calo", "--overwrite"},
          {kCalotype, "compress", png, files.path("other.png"), "-o", out, "--overwrite"},
          {kCalotype, "decompress", calo, "-o", out + ".png", "--overwrite"},
          {kCalotype, "denoise", png, "-o", out + ".png", "--overwrite"},
          {kCalotype, "convert", png, "-o", out + ".jpg", "--overwrite"},
          {kCalotype, "compare", png, calo},
          {kCalotype, "run", "--overwrite", "decode " + calo + " ! encode " + out + ".png"},
          {kShortProgram, "work", "0", "auto"},
          {kShortProgram, "work", "0", "opencv"},
          {kShortProgram, "openmp", "0", "auto", TEST_DATA "/grouped.onnx"}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scarce)

BOOST_AUTO_TEST_CASE(processes) {
  if (Child({kShortProgram, "no_thread", "0", "auto"}, become_nobody).wait().status != 1) {
    BOOST_TEST_MESSAGE("skipped: these programs may not be run by everybody");
    return;
  }
  BOOST_REQUIRE_EQUAL(Child({kShortProgram, "no_thread", "0", "auto"}, one_process).wait().status, 0);
  const Files files;
  for (const Command& command : work(files)) check_status(command, {0}, Child(command, one_process).wait());
}

BOOST_AUTO_TEST_CASE(processors) {
  const Files files;
  for (const Command& command : work(files)) check_status(command, {0}, Child(command, one_processor).wait());
}

BOOST_AUTO_TEST_CASE(memory_for_everything) {
  const Files files;
  for (const Command& command : work(files)) check_status(command, {0, 7}, Child(command, memory(195)).wait());
}

BOOST_AUTO_TEST_CASE(memory_for_less_and_less) {
  const Files files;
  const std::string calo = files.path("whole.calo"), out = files.path("out");
  const std::vector<Command> commands = {
      {kCalotype, "decompress", calo, "-o", out + ".png", "--overwrite"},
      {kCalotype, "compress", calo, "-o", out + ".calo", "--overwrite"},
      {kCalotype, "convert", files.path("whole.ppm"), "-o", out + ".jpg", "--overwrite"}};
  const rlim_t step = runs() > 100 ? 1 : 9;
  for (const Command& command : commands)
    for (rlim_t megabytes = 300; megabytes > step; megabytes -= step) {
      const Ended ended = Child(command, memory(megabytes)).wait();
      if (ended.status == 127) break;  // the program itself cannot be loaded
      check_status(command, {0, 7}, ended);
    }
}

BOOST_AUTO_TEST_SUITE_END()
