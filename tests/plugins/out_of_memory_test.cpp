// SPDX-License-Identifier: Apache-2.0
// Codecs that run out of memory anywhere; failing_malloc.cpp is to be preloaded.
#include <dlfcn.h>

#include <opencv2/core.hpp>

#include "support.hpp"

using namespace calotype;

namespace {

/// Runs `call` with every single large allocation failing, one after the other.
template <class Call>
void check_without_memory(Call call) {
  const auto fail = reinterpret_cast<int (*)(std::size_t, int)>(dlsym(RTLD_DEFAULT, "fail_malloc"));
  BOOST_REQUIRE(fail);
  constexpr std::size_t kLarge = 8000;
  call();  // loads what it needs
  int errors = 0;
  for (int nth = 1, left = 0; left == 0; ++nth) {
    fail(kLarge, nth);
    try {
      call();
    } catch (const Error& e) {
      ++errors;
      BOOST_TEST(e.code() == ErrorCode::limit);
    }
    left = fail(0, 0);
  }
  BOOST_TEST(errors > 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(out_of_memory, *boost::unit_test::disabled())

BOOST_AUTO_TEST_CASE(jpeg) {
  Image image;
  image.pixels.create(300, 300, CV_8UC3);
  cv::randu(image.pixels, 0, 255);
  for (const std::string progressive : {"true", "false"}) {
    const RawParams params = {{"progressive", progressive}};
    check_without_memory([&] { encode(image, "jpeg", params); });
    const Bytes file = encode(image, "jpeg", params);
    check_without_memory([&] { decode(file); });
  }
}

BOOST_AUTO_TEST_CASE(tiff_files) {
  Image image;
  image.pixels.create(300, 300, CV_16UC3);
  cv::randu(image.pixels, 0, 65535);
  for (const std::string compression : {"none", "lzw", "deflate"}) {
    const RawParams params = {{"compression", compression}};
    check_without_memory([&] { encode(image, "tiff", params); });
    const Bytes file = encode(image, "tiff", params);
    check_without_memory([&] { decode(file); });
  }
}

BOOST_AUTO_TEST_SUITE_END()
