// SPDX-License-Identifier: Apache-2.0
#include "calotype/params.hpp"

#include "support.hpp"

using namespace calotype;

namespace {

const std::vector<ParamSpec> kSpecs = {
    {"sigma", 25.0, "Noise level.", 0, 75, {}},
    {"quality", std::int64_t{60}, "Quality.", 1, 100, {}},
    {"tune", "psnr", "What counts.", {}, {}, {"psnr", "ms-ssim"}},
    {"verify", false, "Decode again."},
    {"model", "", "Model id."},
};

Params validated(const RawParams& raw) { return Params::validated(kSpecs, raw, "denoise"); }

}  // namespace

BOOST_AUTO_TEST_SUITE(params)

BOOST_AUTO_TEST_CASE(fallbacks_fill_in) {
  const Params p = validated({{"quality", "7"}});
  BOOST_TEST(p.get<double>("sigma") == 25.0);
  BOOST_TEST(p.get<int>("quality") == 7);
  BOOST_TEST(p.get<std::string>("tune") == "psnr");
  BOOST_TEST(p.given("quality"));
  BOOST_TEST(!p.given("sigma"));
}

BOOST_AUTO_TEST_CASE(booleans_as_people_write_them) {
  for (const char* word : {"true", "on", "yes", "1"}) BOOST_TEST(validated({{"verify", word}}).get<bool>("verify"));
  for (const char* word : {"false", "off", "no", "0"}) BOOST_TEST(!validated({{"verify", word}}).get<bool>("verify"));
  BOOST_CHECK_THROW(validated({{"verify", "maybe"}}), Error);
}

BOOST_AUTO_TEST_CASE(unknown_name_suggests_the_nearest) {
  const Error e = error_of([] { validated({{"sigm", "3"}}); });
  BOOST_TEST((e.code() == ErrorCode::usage));
  BOOST_TEST(e.full_text() == "denoise: unknown parameter \"sigm\"; did you mean \"sigma\" (real 0..75, default 25)?");
  check_contains(error_of([] { validated({{"zzz", "3"}}); }).hint(), "sigma, quality, tune, verify, model");
  check_contains(error_of([] { Params::validated({}, {{"a", ""}}, "x"); }).hint(), "no parameters");
}

BOOST_AUTO_TEST_CASE(bad_values_name_the_range) {
  for (const char* text : {"", "x", "1x", "0", "101", "1.5", "99999999999999999999"}) {
    const Error e = error_of([&] { validated({{"quality", text}}); });
    BOOST_TEST((e.code() == ErrorCode::usage));
    BOOST_TEST(e.hint() == "expected int 1..100, default 60");
  }
  for (const char* text : {"nan", "inf", "-1", "75.01", "1e400", " 3"})
    BOOST_CHECK_THROW(validated({{"sigma", text}}), Error);
  BOOST_TEST(error_of([] { validated({{"tune", "fast"}}); }).hint() == "expected text psnr|ms-ssim, default psnr");
}

BOOST_AUTO_TEST_CASE(wrong_use_by_code_is_internal) {
  const Params p = validated({});
  BOOST_TEST((error_of([&] { p.get<int>("sigma"); }).code() == ErrorCode::internal));
  BOOST_TEST((error_of([&] { p.get<int>("nothing"); }).code() == ErrorCode::internal));
  const Params big = Params::validated({{"n", std::int64_t{1} << 40, ""}}, {}, "x");
  BOOST_TEST((error_of([&] { big.get<int>("n"); }).code() == ErrorCode::usage));
  BOOST_TEST(big.get<std::int64_t>("n") == std::int64_t{1} << 40);
}

BOOST_AUTO_TEST_CASE(descriptions) {
  BOOST_TEST(describe(kSpecs[1]) == "int 1..100, default 60");
  BOOST_TEST(describe(kSpecs[3]) == "bool, default false");
  BOOST_TEST(describe(kSpecs[4]) == "text");
  BOOST_TEST(describe({"size", std::int64_t{0}, "", 0, {}, {}}) == "int >= 0, default 0");
}

BOOST_AUTO_TEST_CASE(nearest_names) {
  BOOST_TEST(nearest("denois", {"deblur", "denoise"}) == "denoise");
  BOOST_TEST(nearest("compress", {"inspect", "run"}) == "");
  BOOST_TEST(nearest("", {"run"}) == "");
}

BOOST_AUTO_TEST_CASE(every_error_code_has_its_exit_status) {
  using C = ErrorCode;
  const std::pair<C, int> table[] = {{C::usage, 2},       {C::not_found, 3}, {C::corrupt, 4}, {C::model_mismatch, 5},
                                     {C::unsupported, 5}, {C::plugin, 6},    {C::engine, 6},  {C::limit, 7},
                                     {C::io, 8},          {C::internal, 1}};
  for (const auto& [code, status] : table) BOOST_TEST(exit_status(code) == status);
}

BOOST_AUTO_TEST_CASE(words_stand_for_a_number_not_given) {
  const std::vector<ParamSpec> specs = {{"sigma", 0.0, "noise", 0.0, 75.0, {"auto"}}};
  BOOST_TEST(describe(specs[0]) == "real 0..75 or auto, default auto");
  BOOST_TEST(!Params::validated(specs, {{"sigma", "auto"}}, "denoise").given("sigma"));
  const Params params = Params::validated(specs, {{"sigma", "25"}}, "denoise");
  BOOST_TEST(params.given("sigma"));
  BOOST_TEST(params.get<double>("sigma") == 25);
  BOOST_CHECK_THROW(Params::validated(specs, {{"sigma", "76"}}, "denoise"), Error);
  BOOST_CHECK_THROW(Params::validated(specs, {{"sigma", "automatic"}}, "denoise"), Error);
}

BOOST_AUTO_TEST_SUITE_END()
