// SPDX-License-Identifier: Apache-2.0
#include "calotype/parallel.hpp"

#include <atomic>
#include <new>
#include <opencv2/core.hpp>
#include <system_error>

#include "support.hpp"

using namespace calotype;

namespace {

template <class Thrown>
Error as_error(const Thrown& thrown) {
  try {
    throw thrown;
  } catch (...) {
    return current_error("it", ErrorCode::plugin);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(parallel)

BOOST_AUTO_TEST_CASE(every_piece_is_done_once) {
  for (const int count : {0, 1, 2, 1000})
    for (const int pieces : {0, 1, 7}) {
      std::vector<std::atomic<int>> done(static_cast<std::size_t>(count));
      parallel_for(
          count,
          [&](int begin, int end) {
            for (int i = begin; i < end; ++i) ++done[static_cast<std::size_t>(i)];
          },
          pieces);
      for (const auto& times : done) BOOST_TEST(times == 1);
    }
}

BOOST_AUTO_TEST_CASE(what_a_piece_throws_comes_out) {
  std::atomic<int> done = 0;
  const Error e = error_of([&] {
    parallel_for(100, [&](int begin, int end) {
      done += end - begin;
      if (begin == 0) throw Error(ErrorCode::corrupt, "the first");
    });
  });
  BOOST_TEST(e.what() == std::string("the first"));
  BOOST_TEST(done == 100);
}

BOOST_AUTO_TEST_CASE(what_the_system_denies_is_a_limit) {
  const auto again = std::make_error_code(std::errc::resource_unavailable_try_again);
  const cv::Exception no_memory(cv::Error::StsNoMem, "no", "f", "f.cpp", 1),
      bad(cv::Error::StsBadArg, "no", "f", "", 1);
  for (const Error& e : {as_error(std::bad_alloc()), as_error(no_memory), as_error(std::system_error(again)),
                         as_error(std::runtime_error("pthread_create has failed: no"))}) {
    BOOST_TEST((e.code() == ErrorCode::limit));
    check_contains(e.hint(), "ulimit");
  }
  for (const Error& e : {as_error(bad), as_error(std::runtime_error("oh dear")), as_error(3)}) {
    BOOST_TEST((e.code() == ErrorCode::plugin));
    check_contains(e.hint(), "bug in the plugin");
  }
  BOOST_TEST(as_error(Error(ErrorCode::io, "disk", "buy one")).full_text() == "disk; buy one");
}

BOOST_AUTO_TEST_SUITE_END()
