// SPDX-License-Identifier: Apache-2.0
#include "background.hpp"

#include <pthread.h>
#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <thread>

using namespace calotype::latent;

BOOST_AUTO_TEST_SUITE(background)

BOOST_AUTO_TEST_CASE(it_is_told_to_stop_and_waited_for) {
  std::atomic<bool> begun = false, ended = false;
  {
    const Background work([&](const std::atomic<bool>& stop) {
      begun = true;
      while (!stop) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      ended = true;
    });
    while (!begun) std::this_thread::yield();
  }
  BOOST_TEST(ended);
}

BOOST_AUTO_TEST_CASE(it_ends_with_the_thread_that_began_it) {
  std::atomic<bool> ended = false;
  std::unique_ptr<Background> work;
  std::thread([&] {
    work = std::make_unique<Background>([&](const std::atomic<bool>& stop) {
      while (!stop) std::this_thread::yield();
      ended = true;
    });
  }).join();
  BOOST_TEST(ended);
}

BOOST_AUTO_TEST_CASE(signals_are_for_the_programs_own_threads) {
  std::atomic<int> blocked = -1;
  const Background work([&](const std::atomic<bool>&) {
    sigset_t signals;
    pthread_sigmask(SIG_SETMASK, nullptr, &signals);
    blocked = sigismember(&signals, SIGINT) + sigismember(&signals, SIGALRM);
  });
  while (blocked < 0) std::this_thread::yield();
  BOOST_TEST(blocked == 2);
}

BOOST_AUTO_TEST_SUITE_END()
