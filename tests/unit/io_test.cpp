// SPDX-License-Identifier: Apache-2.0
#include "calotype/io.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <opencv2/core.hpp>

#include "calotype/pipeline.hpp"
#include "calotype/registry.hpp"
#include "support.hpp"

using namespace calotype;

namespace {

const Bytes kPicture = bytes_of(std::string("RAW!\2\1") + "ab");

}  // namespace

BOOST_AUTO_TEST_SUITE(io)

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
  const ScratchDirectory scratch;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{100000}}) {
    const Bytes bytes(size, 7);
    write_file(scratch.file("a"), bytes, true);
    BOOST_TEST(read_file(scratch.file("a")) == bytes);
  }
  BOOST_TEST(scratch.entries() == 1u);
}

BOOST_AUTO_TEST_CASE(an_existing_file_stays) {
  const ScratchDirectory scratch;
  write_file(scratch.file("a"), bytes_of("old"));
  const Error e = error_of([&] { write_file(scratch.file("a"), bytes_of("new")); });
  BOOST_TEST((e.code() == ErrorCode::usage));
  check_contains(e.hint(), "--overwrite");
  BOOST_TEST(read_file(scratch.file("a")) == bytes_of("old"));
  write_file(scratch.file("a"), bytes_of("new"), true);
  BOOST_TEST(read_file(scratch.file("a")) == bytes_of("new"));
  BOOST_TEST(scratch.entries() == 1u);
}

BOOST_AUTO_TEST_CASE(a_failed_write_leaves_nothing) {
  const ScratchDirectory scratch;
  write_file(scratch.file("kept"), bytes_of("old"));
  // The kernel refuses to write more than this, as it would on a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{4096, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const Error fresh = error_of([&] { write_file(scratch.file("new"), Bytes(100000)); });
  const Error replaced = error_of([&] { write_file(scratch.file("kept"), Bytes(100000), true); });
  setrlimit(RLIMIT_FSIZE, &before);
  BOOST_TEST((fresh.code() == ErrorCode::io));
  BOOST_TEST((replaced.code() == ErrorCode::io));
  BOOST_TEST(read_file(scratch.file("kept")) == bytes_of("old"));
  BOOST_TEST(scratch.entries() == 1u);
}

BOOST_AUTO_TEST_CASE(new_files_obey_the_umask) {
  const ScratchDirectory scratch;
  const mode_t before = umask(027);
  write_file(scratch.file("a"), {});
  umask(before);
  struct stat status {};
  BOOST_REQUIRE(stat(scratch.file("a").c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0777) == 0640u);
}

BOOST_AUTO_TEST_CASE(paths_that_cannot_work) {
  const ScratchDirectory scratch;
  BOOST_TEST((error_of([&] { read_file(scratch.file("none")); }).code() == ErrorCode::not_found));
  BOOST_TEST((error_of([&] { read_file(scratch.file("")); }).code() == ErrorCode::io));
  BOOST_TEST((error_of([&] { write_file(scratch.file("no/such/place"), {}); }).code() == ErrorCode::not_found));
  BOOST_TEST((error_of([&] { write_file(scratch.file(""), {}, true); }).code() == ErrorCode::usage));
}

BOOST_AUTO_TEST_CASE(devices_are_written_to_not_replaced) {
  write_file("/dev/null", bytes_of("x"));
  struct stat status {};
  BOOST_REQUIRE(stat("/dev/null", &status) == 0);
  BOOST_TEST(S_ISCHR(status.st_mode));
}

BOOST_AUTO_TEST_CASE(large_files_are_refused) {
  const ScratchDirectory scratch;
  write_file(scratch.file("a"), Bytes(101));
  Limits limits;
  limits.max_file_bytes = 100;
  BOOST_TEST((error_of([&] { read_file(scratch.file("a"), limits); }).code() == ErrorCode::limit));
  BOOST_TEST((error_of([&] { read_file("/dev/zero", limits); }).code() == ErrorCode::limit));
  limits.max_file_bytes = 101;
  BOOST_TEST(read_file(scratch.file("a"), limits).size() == 101u);
}

BOOST_AUTO_TEST_CASE(images_by_content_and_by_extension) {
  const ScratchDirectory scratch;
  write_file(scratch.file("a.txt"), kPicture);
  const Image image = read_image(scratch.file("a.txt"), {{"add", "1"}});
  BOOST_TEST(image.pixels.at<std::uint8_t>(0, 1) == 'c');
  write_image(scratch.file("b.grey"), image);
  BOOST_TEST(read_file(scratch.file("b.grey")) == bytes_of(std::string("RAW!\2\1") + "bc"));
  ImageInfo info;
  decode(kPicture, "", {}, {}, "x", &info);
  BOOST_TEST(info.format == "raw");
  BOOST_TEST(info.width == 2);
  BOOST_TEST(probe(kPicture).height == 1);
}

BOOST_AUTO_TEST_CASE(limits_are_checked_before_decoding) {
  Limits limits;
  limits.max_pixels = 1;
  const Error e = error_of([&] { decode(bytes_of("RAW!\2\1"), "", {}, limits, "a.raw"); });
  BOOST_TEST((e.code() == ErrorCode::limit));
  check_contains(e.full_text(), "a.raw: 2x1 is 2 pixels, over the limit of 1");
  check_contains(e.hint(), "--max-pixels 2");
}

BOOST_AUTO_TEST_CASE(errors_name_the_input) {
  check_contains(error_of([] { decode(bytes_of("RAW!\2\1"), "", {}, {}, "a.raw"); }).what(), "a.raw: ");
  const Error e = error_of([] { decode(bytes_of("??"), "zzz", {}, {}, "b.zzz"); });
  BOOST_TEST((e.code() == ErrorCode::unsupported));
  check_contains(e.what(), "b.zzz: no decoder knows a file that begins with 3f 3f or the extension \"zzz\"");
  check_contains(e.hint(), "raw");
}

BOOST_AUTO_TEST_CASE(files_without_a_picture_are_refused_before_any_decoder_looks) {
  const Bytes side_car = bytes_of(std::string("\0\5\x16\7 and more", 13));
  for (const auto& open : {+[](const Bytes&bytes, const std::string&name) { decode(bytes, "raw", {}, {}, name); },
                           +[](const Bytes&bytes, const std::string&name) { probe(bytes, "raw", name); },
                           +[](const Bytes&bytes, const std::string&name) {
                             write_file(name, bytes, true);
                             Pipeline().add("decode", {{"format", "raw"}}, name).run();
                           }}) {
    const ScratchDirectory scratch;
    const Error empty = error_of([&] { open({}, scratch.file("a.raw")); });
    BOOST_TEST((empty.code() == ErrorCode::corrupt));
    check_contains(empty.what(), "the file is empty");
    const Error apple = error_of([&] { open(side_car, scratch.file("._a.raw")); });
    BOOST_TEST((apple.code() == ErrorCode::unsupported));
    BOOST_TEST(apple.hint() == "the picture is " + scratch.file("a.raw"));
    check_contains(error_of([&] { open(side_car, scratch.file("b")); }).hint(), "after \"._\"");
  }
  check_contains(error_of([] { Registry::global().decoder_for({}, ""); }).what(), "nothing to decode");
}

BOOST_AUTO_TEST_CASE(damage_and_bugs_have_a_way_out_of_their_own) {
  BOOST_TEST(!Error(ErrorCode::corrupt, "x").hint().empty());
  BOOST_TEST(!Error(ErrorCode::internal, "x").hint().empty());
  BOOST_TEST(Error(ErrorCode::corrupt, "x", "y").hint() == "y");
}

BOOST_AUTO_TEST_CASE(extensions) {
  BOOST_TEST(extension_of("a/photo.JPG") == "jpg");
  BOOST_TEST(extension_of("a.b/photo") == "");
  BOOST_TEST(extension_of("a.tar.gz") == "gz");
  BOOST_TEST(extension_of("-") == "");
}

BOOST_AUTO_TEST_SUITE_END()
