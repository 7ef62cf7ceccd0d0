// SPDX-License-Identifier: Apache-2.0
#include "child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <thread>

namespace {

int unnamed_file() {
  char name[] = "/tmp/calotype-processes-XXXXXX";
  const int file = mkostemp(name, O_CLOEXEC);
  if (file < 0) throw std::runtime_error("no temporary file");
  unlink(name);
  return file;
}

std::string contents(int file) {
  std::string text;
  char part[4096];
  lseek(file, 0, SEEK_SET);
  for (ssize_t n = 0; (n = read(file, part, sizeof part)) > 0;) text.append(part, static_cast<std::size_t>(n));
  return text;
}

}  // namespace

Child::Child(const std::vector<std::string>& command, const std::function<void()>& prepare)
    : process_(-1), err_(unnamed_file()) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));  // execv() only reads
  words.push_back(nullptr);
  process_ = fork();
  if (process_ < 0) throw std::runtime_error("no process");
  if (process_ > 0) return;
  dup2(open("/dev/null", O_RDWR), STDOUT_FILENO);
  dup2(STDOUT_FILENO, STDIN_FILENO);
  dup2(err_, STDERR_FILENO);
  if (prepare) prepare();
  execv(words[0], words.data());
  _exit(127);
}

Child::~Child() {
  if (!ended_) wait(std::chrono::seconds(0));
  close(err_);
}

Ended Child::wait(std::chrono::seconds at_most) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + at_most;
  Ended ended;
  int status = 0;
  pid_t done = 0;
  while ((done = waitpid(process_, &status, WNOHANG)) == 0 && Clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  if (done == 0) {
    ended.hung = true;
    kill(process_, SIGKILL);
    waitpid(process_, &status, 0);
  }
  ended_ = true;
  ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ended.err = contents(err_);
  return ended;
}
