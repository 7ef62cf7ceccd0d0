// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "command.hpp"

BOOST_AUTO_TEST_SUITE(codec)

BOOST_AUTO_TEST_CASE(there_and_back) {
  const Folder folder;
  folder.picture("a.png", 96, 64);
  const auto there = folder.run("calotype compress -v a.png");
  BOOST_TEST(there.status == 0, there.err);
  BOOST_TEST(contains(there.err, "a.png -> a.calo, 96x64, "));
  BOOST_TEST((contains(there.err, " on cpu in fp32") || contains(there.err, " on cpu in bf16")));
  const auto back = folder.run("calotype decompress a.calo -o b.png --json");
  BOOST_TEST(back.status == 0, back.err);
  const auto objects = json_lines(back.out);
  BOOST_REQUIRE(objects.size() == 1);
  BOOST_TEST(!objects[0].get_child("networks").empty());
  const auto compared = json_lines(folder.run("calotype compare --json a.png b.png").out);
  BOOST_REQUIRE(compared.size() == 1);
  BOOST_TEST(compared[0].get<double>("psnr") > 25);
}

BOOST_AUTO_TEST_CASE(default_names_and_formats) {
  const Folder folder;
  folder.picture("in/a.png", 64, 64);
  BOOST_TEST(folder.run("calotype compress in -o small").status == 0);
  BOOST_TEST(folder.run("calotype decompress small -o large --format ppm").status == 0);
  BOOST_TEST(folder.run("calotype decompress small").status == 0);
  BOOST_TEST(folder.read("large/a.ppm").substr(0, 2) == "P6");
  BOOST_TEST(folder.has("small/a.png"));
}

BOOST_AUTO_TEST_CASE(quality_decides_the_size) {
  const Folder folder;
  folder.picture("a.png", 128, 128);
  BOOST_TEST(
      folder.run("calotype compress a.png -q 10 -o low.calo && calotype compress a.png -q 90 -o high.calo").status ==
      0);
  BOOST_TEST(folder.read("low.calo").size() < folder.read("high.calo").size());
  const auto wrong = folder.run("calotype compress a.png -q 101 -o c.calo");
  BOOST_TEST(wrong.status == 2);
  BOOST_TEST(contains(wrong.err, "1..100"));
}

BOOST_AUTO_TEST_CASE(a_region) {
  const Folder folder;
  folder.picture("a.png", 96, 64);
  const auto finished = folder.run(
      "calotype compress --quiet a.png && calotype decompress --quiet a.calo --region 10,20,30,40 -o part.png && "
      "calotype info part.png");
  BOOST_TEST(contains(finished.out, "30x40"), finished.err);
}

BOOST_AUTO_TEST_CASE(pipes) {
  const Folder folder;
  folder.picture("a.png", 64, 48);
  const auto finished = folder.run("calotype compress - < a.png | calotype decompress - | calotype info -");
  BOOST_TEST(contains(finished.out, "png, 64x48"), finished.err);
}

BOOST_AUTO_TEST_CASE(only_its_own_files_are_decompressed) {
  const Folder folder;
  folder.picture("a.png");
  const auto finished = folder.run("calotype decompress a.png -o b.png");
  BOOST_TEST(finished.status == 2);
  BOOST_TEST(contains(finished.err, "calotype convert"));
}

BOOST_AUTO_TEST_CASE(an_engine_that_does_not_exist) {
  const Folder folder;
  folder.picture("a.png");
  const auto finished = folder.run("calotype compress a.png --engine abacus");
  BOOST_TEST(finished.status != 0);
  BOOST_TEST(contains(finished.err, "abacus"));
  BOOST_TEST(!folder.has("a.calo"));
}

BOOST_AUTO_TEST_SUITE_END()
