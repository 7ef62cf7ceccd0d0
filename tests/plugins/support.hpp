// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "calotype/calotype.hpp"

/// Prints error codes by name in failed checks.
namespace calotype {
std::ostream& operator<<(std::ostream& to, ErrorCode code);
}

/// A smooth picture that no codec should find hard; alpha is smooth too and nowhere 0.
calotype::Image picture(cv::Size size, int channels, int depth);

/// What was said of this kind of loss; "" where nothing was.
std::string detail_of(const calotype::Losses& lost, calotype::LossKind kind);

/// Names of all elements of one kind.
std::vector<std::string> names(calotype::Kind kind);

/// For suites whose files lose much: warnings are not shown.
struct Quiet {
  Quiet() {
    calotype::set_log_sink([](calotype::LogLevel, const std::string&) {});
  }
  ~Quiet() { calotype::set_log_sink({}); }
};

/// The error code that `call` throws as calotype::Error; fails the test when it throws nothing.
template <class Call>
calotype::ErrorCode code_of(Call call) {
  try {
    call();
  } catch (const calotype::Error& e) {
    return e.code();
  }
  BOOST_ERROR("nothing was thrown");
  return calotype::ErrorCode::internal;
}
