// SPDX-License-Identifier: Apache-2.0
#include "calotype/pipeline.hpp"

#include <opencv2/core.hpp>

#include "support.hpp"

using namespace calotype;

namespace {

const Bytes kPicture = bytes_of(std::string("RAW!\2\1") + "ab");

Image grey(int value) {
  Image image;
  image.pixels = cv::Mat(1, 2, CV_8U, cv::Scalar(value));
  return image;
}

Error text_error(const std::string& text) {
  const Error e = error_of([&] { Pipeline::parse(text).check(); });
  BOOST_TEST((e.code() == ErrorCode::usage || e.code() == ErrorCode::not_found));
  BOOST_TEST(!e.hint().empty());
  return e;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pipeline)

BOOST_AUTO_TEST_CASE(stages_run_in_order) {
  const ScratchDirectory scratch;
  write_file(scratch.file("a.raw"), kPicture);
  Pipeline p = Pipeline::parse("decode '" + scratch.file("a.raw") + "' add=5 ! shade sigma=1 ! encode \"" +
                               scratch.file("b c.grey") + "\"");
  const Image image = p.run();
  BOOST_TEST(image.pixels.at<std::uint8_t>(0, 0) == 'a' + 4);
  BOOST_TEST(read_file(scratch.file("b c.grey")) == bytes_of(std::string("RAW!\2\1") + "ef"));
  // The file is there now.
  check_contains(error_of([&] { p.run(); }).full_text(), "pipeline stage 3 \"encode\": ");
  p.overwrite(true).run();
}

BOOST_AUTO_TEST_CASE(arguments_need_no_second_quoting) {
  const ScratchDirectory scratch;
  write_file(scratch.file("a 'b\".raw"), kPicture);
  const Image image =
      Pipeline::parse(std::vector<std::string>{"decode", scratch.file("a 'b\".raw"), "!", "shade", "sigma=2"}).run();
  BOOST_TEST(image.pixels.at<std::uint8_t>(0, 0) == 'a' - 2);
  BOOST_TEST(Pipeline::parse(std::vector<std::string>{"shade sigma=2"}).run(grey(9)).pixels.at<std::uint8_t>(0, 0) ==
             7);
}

BOOST_AUTO_TEST_CASE(quotes_and_escapes) {
  const auto said = [](const std::string& value) {
    return std::string(error_of([&] { Pipeline::parse("shade sigma=" + value).check(); }).what());
  };
  check_contains(said("'a b'"), "cannot be \"a b\"");
  check_contains(said("\"a \\\" b\""), "cannot be \"a \" b\"");
  check_contains(said("'a\\b'"), "cannot be \"a\\b\"");
  check_contains(said("x'y z'w"), "cannot be \"xy zw\"");
  check_contains(said("'!'"), "cannot be \"!\"");
  check_contains(said("a!b"), "cannot be \"a!b\"");
  check_contains(said("a=b"), "cannot be \"a=b\"");
  // A quoted "=" makes no parameter.
  check_contains(text_error("decode 'x=1.raw' y.raw").what(), "\"x=1.raw\" and \"y.raw\"");
  check_contains(text_error("shade './x=1'").what(), "takes no plain value");
}

BOOST_AUTO_TEST_CASE(malformed_text) {
  check_contains(text_error("").what(), "empty");
  check_contains(text_error("  ").what(), "empty");
  check_contains(text_error("! shade").what(), "stage 1 is empty");
  check_contains(text_error("shade ! ! shade").what(), "stage 2 is empty");
  check_contains(text_error("shade !").what(), "ends with \"!\"");
  check_contains(text_error("shade sigma='3").what(), "quote at character 13");
  check_contains(text_error("shade sigma=1 sigma=2").what(), "given twice");
  check_contains(text_error("shade 3").what(), "stage 1 \"shade\": takes no plain value, got \"3\"");
  check_contains(error_of([] { Pipeline().run(grey(1)); }).what(), "empty");
}

BOOST_AUTO_TEST_CASE(errors_say_which_stage_and_the_way_out) {
  const Error e = text_error("shade ! shade sigm=3");
  BOOST_TEST(
      e.full_text() ==
      "pipeline stage 2 \"shade\": unknown parameter \"sigm\"; did you mean \"sigma\" (real 0..75, default 25)?");
  BOOST_TEST(text_error("shad").full_text() ==
             "pipeline stage 1 \"shad\": no backbone is called \"shad\"; did you mean \"shade\"?");
  check_contains(text_error("shade ! decode a.raw").what(), "only the first stage can be decode");
  check_contains(text_error("decode").what(), "no file is given");
  check_contains(text_error("shade ! encode noextension").hint(), "format=NAME");
  check_contains(text_error("shade ! encode a.zzz").what(), "\"zzz\"");
  check_contains(text_error("shade ! encode a.raw nothing=1").what(), "unknown parameter \"nothing\"");
  check_contains(text_error("decode a.raw ad=1").hint(), "did you mean \"add\"");
  check_contains(text_error("decode - format=raw add=300").hint(), "0..255");
  check_contains(error_of([] { Pipeline().add("shade", {}, "a.raw").check(); }).hint(), "only decode and encode");
}

BOOST_AUTO_TEST_CASE(nothing_runs_before_all_is_valid) {
  const ScratchDirectory scratch;
  write_file(scratch.file("a.raw"), kPicture);
  Pipeline p;
  p.add("decode", {}, scratch.file("a.raw")).add("encode", {}, scratch.file("b.raw")).add("shade", {{"sigma", "76"}});
  BOOST_CHECK_THROW(p.run(), Error);
  BOOST_TEST(scratch.entries() == 1u);
  // Neither over the input.
  BOOST_CHECK_THROW(Pipeline().add("decode", {}, scratch.file("a.raw")).add("encode", {}, scratch.file("a.raw")).run(),
                    Error);
}

BOOST_AUTO_TEST_CASE(content_decides_and_parameters_follow_it) {
  const ScratchDirectory scratch;
  write_file(scratch.file("a"), kPicture);
  BOOST_TEST(Pipeline().add("decode", {{"add", "1"}}, scratch.file("a")).run().pixels.at<std::uint8_t>(0, 0) == 'b');
  BOOST_CHECK_THROW(Pipeline().add("decode", {{"sub", "1"}}, scratch.file("a")).run(), Error);
  BOOST_TEST(Pipeline().add("decode", {{"format", "raw"}}, scratch.file("a")).run().pixels.cols == 2);
}

BOOST_AUTO_TEST_CASE(limits_and_input) {
  const ScratchDirectory scratch;
  write_file(scratch.file("a.raw"), kPicture);
  Limits limits;
  limits.max_pixels = 1;
  Pipeline p;
  p.add("decode", {}, scratch.file("a.raw"));
  BOOST_TEST((error_of([&] { p.rules(limits).run(); }).code() == ErrorCode::limit));
  BOOST_TEST(p.rules({}).run().pixels.cols == 2);
  check_contains(error_of([] { Pipeline::parse("shade").run(); }).full_text(), "begin with \"decode FILE !\"");
}

BOOST_AUTO_TEST_SUITE_END()
