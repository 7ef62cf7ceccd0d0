// SPDX-License-Identifier: Apache-2.0
#include "calotype/registry.hpp"

#include <algorithm>
#include <opencv2/core.hpp>
#include <thread>

#include "support.hpp"

using namespace calotype;

namespace {

Registry& registry() { return Registry::global(); }

Error naughty_error(const std::string& how) {
  const auto specs = registry().describe(Kind::backbone, "naughty").element.params;
  Image image;
  image.pixels = cv::Mat::zeros(2, 2, CV_8U);
  const Error e = error_of([&] {
    registry().backbone("naughty")->run(image, Params::validated(specs, {{"how", how}}, "naughty"));
  });
  if (how != "error") {
    check_contains(e.what(), "backbone \"naughty\" (");
    check_contains(e.what(), "calotype_fake.so)");
    BOOST_TEST(!e.hint().empty());
  }
  return e;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(registry_)

BOOST_AUTO_TEST_CASE(elements_are_listed) {
  const std::vector<Item> items = registry().items();
  const auto raw = std::find_if(items.begin(), items.end(), [](const Item& item) {
    return item.element.kind == Kind::decoder && item.element.name == "raw";
  });
  BOOST_REQUIRE((raw != items.end()));
  BOOST_TEST(raw->element.doc == "Test pictures.");
  BOOST_TEST(raw->element.extensions == (std::vector<std::string>{"raw", "grey"}), boost::test_tools::per_element());
  BOOST_TEST(raw->plugin.name == "fake");
  BOOST_TEST(raw->plugin.license == "Apache-2.0 OR MIT");
  BOOST_TEST(raw->plugin.doc == "elements for the unit tests");
  BOOST_TEST(registry().describe(Kind::decoder, "raw").element.params.size() == 1u);
}

BOOST_AUTO_TEST_CASE(decoders_by_content_then_extension) {
  std::string name;
  registry().decoder_for(bytes_of("RAW?"), "png", &name);
  BOOST_TEST(name == "raw");
  registry().decoder_for(bytes_of("RAx!"), "", &name);
  BOOST_TEST(name == "raw");
  name.clear();
  registry().decoder_for(bytes_of("??"), "grey", &name);
  BOOST_TEST(name == "raw");
  BOOST_TEST((error_of([] { registry().decoder_for({}, ""); }).code() == ErrorCode::corrupt));
  BOOST_TEST((error_of([] { registry().decoder_for(bytes_of("RA"), ""); }).code() == ErrorCode::unsupported));
}

BOOST_AUTO_TEST_CASE(encoders_by_name_and_extension) {
  std::string name;
  registry().encoder("raw", &name);
  BOOST_TEST(name == "raw");
  name.clear();
  registry().encoder("grey", &name);
  BOOST_TEST(name == "raw");
  const Error e = error_of([] { registry().encoder("rawr"); });
  BOOST_TEST((e.code() == ErrorCode::not_found));
  check_contains(e.hint(), "did you mean \"raw\"");
}

BOOST_AUTO_TEST_CASE(engines_are_shared) { BOOST_TEST((registry().engine("echo") == registry().engine("echo"))); }

BOOST_AUTO_TEST_CASE(nothing_but_error_gets_out) {
  BOOST_TEST((naughty_error("std").code() == ErrorCode::plugin));
  check_contains(naughty_error("std").what(), "oh dear");
  BOOST_TEST((naughty_error("cv").code() == ErrorCode::plugin));
  check_contains(naughty_error("cv").what(), "oh dear");
  BOOST_TEST((naughty_error("int").code() == ErrorCode::plugin));
  BOOST_TEST((naughty_error("memory").code() == ErrorCode::limit));
  BOOST_TEST((naughty_error("empty").code() == ErrorCode::plugin));
  BOOST_TEST(naughty_error("error").full_text() == "not today; try tomorrow");
}

BOOST_AUTO_TEST_CASE(impossible_headers_are_the_decoders_fault) {
  const auto decoder = registry().decoder("raw");
  const Error e = error_of([&] { decoder->probe(bytes_of(std::string("RAW!\0\1", 6))); });
  BOOST_TEST((e.code() == ErrorCode::plugin));
  check_contains(e.what(), "0x1");
}

BOOST_AUTO_TEST_CASE(the_path_is_fixed_after_the_first_look_up) {
  registry().items();
  BOOST_TEST((error_of([] { registry().add_path("/tmp"); }).code() == ErrorCode::usage));
}

BOOST_AUTO_TEST_CASE(many_threads) {
  std::vector<std::thread> threads;
  std::vector<std::shared_ptr<Engine>> engines(8);
  for (auto& engine : engines)
    threads.emplace_back([&engine] {
      for (int i = 0; i < 50; ++i) {
        engine = registry().engine("echo");
        registry().decoder_for(bytes_of("RAW!"), "");
        registry().items();
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const auto& engine : engines) BOOST_TEST((engine == engines[0]));
}

BOOST_AUTO_TEST_SUITE_END()
