// SPDX-License-Identifier: Apache-2.0
#include "calotype/log.hpp"

#include <thread>

#include "support.hpp"

using namespace calotype;

namespace {

struct Sink {
  explicit Sink(LogSink sink) { set_log_sink(std::move(sink)); }
  ~Sink() { set_log_sink({}); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(log_)

BOOST_AUTO_TEST_CASE(a_sink_may_log_and_be_replaced) {
  int lines = 0;
  const Sink sink([&](LogLevel, const std::string&) {
    ++lines;
    log(LogLevel::info, "from the sink");
    set_log_sink([&](LogLevel, const std::string&) { lines += 10; });
  });
  log(LogLevel::info, "one");
  BOOST_TEST(lines == 1);
  log(LogLevel::info, "two");
  BOOST_TEST(lines == 11);
}

BOOST_AUTO_TEST_CASE(a_sink_may_throw) {
  int lines = 0;
  const Sink sink([&](LogLevel, const std::string&) {
    ++lines;
    throw std::runtime_error("no");
  });
  log(LogLevel::info, "one");
  log(LogLevel::info, "two");
  BOOST_TEST(lines == 2);
}

BOOST_AUTO_TEST_CASE(a_sink_may_wait_for_another_thread_that_logs) {
  const auto main = std::this_thread::get_id();
  const Sink sink([main](LogLevel, const std::string&) {
    if (std::this_thread::get_id() == main) std::thread([] { log(LogLevel::info, "from another thread"); }).join();
  });
  log(LogLevel::info, "one");
}

BOOST_AUTO_TEST_SUITE_END()
