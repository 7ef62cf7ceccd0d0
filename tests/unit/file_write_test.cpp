// SPDX-License-Identifier: Apache-2.0
// What becomes of files that are replaced, and what is said when that does not work.
#include <grp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>

#include "calotype/io.hpp"
#include "support.hpp"

using namespace calotype;
namespace fs = std::filesystem;

namespace {

std::function<int()> on_fsync;  // instead of the system's

struct stat status_of(const std::string& path) {
  struct stat status {};
  BOOST_REQUIRE(lstat(path.c_str(), &status) == 0);
  return status;
}

unsigned mode_of(const std::string& path) { return status_of(path).st_mode & 07777; }

/// Runs `body` in a child, which it must not leave; returns what waitpid() says of it.
int in_a_child(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    try {
      body();
    } catch (const Error&) {
      _exit(1);
    }
    _exit(0);
  }
  int ended = -1;
  waitpid(child, &ended, 0);
  return ended;
}

}  // namespace

extern "C" [[gnu::visibility("default")]] int fsync(int fd) {
  return on_fsync ? on_fsync() : static_cast<int>(syscall(SYS_fsync, fd));
}

BOOST_AUTO_TEST_SUITE(file_write)

BOOST_AUTO_TEST_CASE(a_private_file_is_private_all_the_time) {
  const ScratchDirectory scratch;
  const std::string file = scratch.file("a");
  for (const unsigned mode : {0600u, 0640u, 0444u, 0666u}) {
    write_file(file, bytes_of("old"), true);
    chmod(file.c_str(), mode);
    unsigned seen = 0;
    on_fsync = [&] {  // the new file is whole, and has no name yet
      for (const auto& entry : fs::directory_iterator(fs::path(file).parent_path()))
        seen |= mode_of(entry.path().string());
      return 0;
    };
    write_file(file, bytes_of("new"), true);
    on_fsync = {};
    BOOST_TEST(mode_of(file) == mode);
    BOOST_TEST(seen == mode);
    BOOST_TEST(read_file(file) == bytes_of("new"));
  }
}

BOOST_AUTO_TEST_CASE(the_owner_is_kept_where_that_is_allowed) {
  if (geteuid() != 0) return;  // nobody else may give files away
  const ScratchDirectory scratch;
  const std::string file = scratch.file("a");
  constexpr unsigned kNobody = 65534, kOthers = 1234;
  const auto replaced_by = [&](const std::function<void()>& who) {
    write_file(file, bytes_of("old"), true);
    BOOST_REQUIRE(chown(file.c_str(), kNobody, kOthers) == 0 && chmod(file.c_str(), 0640) == 0);
    BOOST_TEST(in_a_child([&] {
                 who();
                 write_file(file, bytes_of("new"), true);
               }) == 0);
    BOOST_TEST(read_file(file) == bytes_of("new"));
    BOOST_TEST(status_of(file).st_uid == kNobody);
  };
  replaced_by([] {});
  BOOST_TEST(status_of(file).st_gid == kOthers);
  BOOST_TEST(mode_of(file) == 0640u);
  // Not in that group, nobody cannot keep it; their own must not read what it could not read before.
  BOOST_REQUIRE(chmod(fs::path(file).parent_path().c_str(), 0777) == 0);
  replaced_by([] {
    if (setgroups(0, nullptr) != 0 || setgid(kNobody) != 0 || setuid(kNobody) != 0) _exit(2);
  });
  BOOST_TEST(status_of(file).st_gid == kNobody);
  BOOST_TEST(mode_of(file) == 0600u);
}

BOOST_AUTO_TEST_CASE(a_link_stays_and_its_target_is_written) {
  const ScratchDirectory scratch;
  fs::create_directory(scratch.file("sub"));
  write_file(scratch.file("sub/target"), bytes_of("old"));
  chmod(scratch.file("sub/target").c_str(), 0604);
  fs::create_symlink("sub/target", scratch.file("link"));
  fs::create_symlink("link", scratch.file("chain"));
  BOOST_TEST((error_of([&] { write_file(scratch.file("chain"), bytes_of("new")); }).code() == ErrorCode::usage));
  for (const std::string name : {"link", "chain"}) {
    write_file(scratch.file(name), bytes_of(name), true);
    BOOST_TEST(S_ISLNK(status_of(scratch.file(name)).st_mode));
    BOOST_TEST(read_file(scratch.file("sub/target")) == bytes_of(name));
    BOOST_TEST(mode_of(scratch.file("sub/target")) == 0604u);
  }
}

BOOST_AUTO_TEST_CASE(links_that_lead_nowhere_are_refused) {
  const ScratchDirectory scratch;
  fs::create_symlink("nowhere", scratch.file("link"));
  fs::create_symlink("loop", scratch.file("loop"));
  for (const bool overwrite : {false, true}) {
    const Error nowhere = error_of([&] { write_file(scratch.file("link"), bytes_of("x"), overwrite); });
    BOOST_TEST((nowhere.code() == ErrorCode::usage));
    check_contains(nowhere.hint(), "remove the link");
    const Error loop = error_of([&] { write_file(scratch.file("loop"), bytes_of("x"), overwrite); });
    BOOST_TEST((loop.code() == ErrorCode::io));
    check_contains(loop.hint(), "lead back to themselves");
  }
  BOOST_TEST(scratch.entries() == 2u);
}

BOOST_AUTO_TEST_CASE(what_is_replaced_is_kept_until_the_new_file_is_on_the_disk) {
  const ScratchDirectory scratch;
  const std::string file = scratch.file("a");
  int calls = 0;
  on_fsync = [&] {
    ++calls;
    BOOST_TEST(read_file(file) == bytes_of("old"));
    errno = ENOSPC;
    return -1;
  };
  write_file(file, bytes_of("old"));
  BOOST_TEST(calls == 0);  // a new file costs no wait
  const Error full = error_of([&] { write_file(file, bytes_of("new"), true); });
  on_fsync = [] {
    errno = EINVAL;
    return -1;
  };
  BOOST_TEST(calls == 1);
  BOOST_TEST((full.code() == ErrorCode::io));
  check_contains(full.full_text(), "No space left on device; free some space");
  BOOST_TEST(read_file(file) == bytes_of("old"));
  BOOST_TEST(scratch.entries() == 1u);
  write_file(file, bytes_of("new"), true);  // a file system that knows no fsync
  on_fsync = {};
  BOOST_TEST(read_file(file) == bytes_of("new"));
}

BOOST_AUTO_TEST_CASE(a_killed_write_leaves_no_part_of_a_file) {
  const ScratchDirectory scratch;
  const auto write_too_much = [&](const std::string& name) {
    return in_a_child([&] {
      std::signal(SIGXFSZ, SIG_DFL);  // which kills
      const rlimit small{4096, 4096};
      setrlimit(RLIMIT_FSIZE, &small);
      write_file(scratch.file(name), Bytes(100000), true);
    });
  };
  BOOST_TEST(WTERMSIG(write_too_much("new")) == SIGXFSZ);
  BOOST_TEST(!fs::exists(scratch.file("new")));
  write_file(scratch.file("kept"), bytes_of("old"));
  BOOST_TEST(WTERMSIG(write_too_much("kept")) == SIGXFSZ);
  BOOST_TEST(read_file(scratch.file("kept")) == bytes_of("old"));
}

BOOST_AUTO_TEST_CASE(a_name_may_be_as_long_as_the_file_system_allows) {
  const ScratchDirectory scratch;
  const std::string longest = scratch.file(std::string(255, 'n'));
  write_file(longest, bytes_of("old"));
  write_file(longest, bytes_of("new"), true);
  BOOST_TEST(read_file(longest) == bytes_of("new"));
  const Error longer = error_of([&] { write_file(longest + "n", {}); });
  BOOST_TEST((longer.code() == ErrorCode::io));
  check_contains(longer.hint(), "shorter name");
}

BOOST_AUTO_TEST_CASE(every_failure_of_the_system_has_a_way_out) {
  for (int error = 1; error < 134; ++error) {
    const Error e = file_error("a.png", "read", error);
    BOOST_TEST((e.code() == (error == ENOENT   ? ErrorCode::not_found
                             : error == ENOMEM ? ErrorCode::limit
                                               : ErrorCode::io)));
    BOOST_TEST(!e.hint().empty());
  }
  BOOST_TEST(std::string(file_error("a.png", "read", EROFS).what()) == "a.png: cannot read: Read-only file system");
}

BOOST_AUTO_TEST_SUITE_END()
