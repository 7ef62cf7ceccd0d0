// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

/// How a process ended.
struct Ended {
  int status = 0;     ///< 128 + n for a signal n
  bool hung = false;  ///< it had to be killed
  std::string err;    ///< what it said on stderr
};

/// A process under test.
class Child {
 public:
  /// `prepare` runs in the child, before the program: to take something away from it.
  explicit Child(const std::vector<std::string>& command, const std::function<void()>& prepare = {});
  /// Waits for its end, and kills it when that does not come.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  Ended wait(std::chrono::seconds at_most = std::chrono::seconds(120));

 private:
  pid_t process_;
  int err_;
  bool ended_ = false;
};
