// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "command.hpp"

BOOST_AUTO_TEST_SUITE(compare)

BOOST_AUTO_TEST_CASE(info_reads_headers) {
  const Folder folder;
  folder.picture("a.png", 20, 10, CV_16UC1);
  folder.write("broken.png", "\x89PNG\r\n\x1a\n and no more");
  const auto finished = folder.run("calotype info a.png");
  BOOST_TEST(contains(finished.out, "a.png: png, 20x10, 1 channel of 16 bits, "));
  const auto json = folder.run("calotype info --json broken.png a.png missing.png");
  BOOST_TEST(json.status == 4);
  const auto objects = json_lines(json.out);
  BOOST_REQUIRE(objects.size() == 1);
  BOOST_TEST(objects[0].get<std::string>("format") == "png");
  BOOST_TEST(objects[0].get<int>("bit_depth") == 16);
  BOOST_TEST(objects[0].get<std::size_t>("bytes") == folder.read("a.png").size());
}

BOOST_AUTO_TEST_CASE(equal_pictures) {
  const Folder folder;
  folder.picture("a.png");
  const auto finished = folder.run("calotype convert --quiet a.png -o b.ppm && calotype compare a.png b.ppm");
  BOOST_TEST(finished.status == 0);
  BOOST_TEST(contains(finished.out, "PSNR inf dB, MS-SSIM 1.00000"));
  const auto objects = json_lines(folder.run("calotype compare --json a.png b.ppm").out);
  BOOST_REQUIRE(objects.size() == 1);
  BOOST_TEST(objects[0].get<std::string>("psnr") == "null");
  BOOST_TEST(objects[0].get<std::string>("b.format") == "pnm");
}

BOOST_AUTO_TEST_CASE(other_depths_and_channels_compare_by_colour) {
  const Folder folder;
  folder.picture("grey8.png", 64, 64, CV_8UC1);
  folder.picture("grey16.png", 64, 64, CV_16UC1);
  folder.picture("colour.png", 64, 64, CV_8UC3);
  folder.picture("alpha.png", 64, 64, CV_8UC4);
  BOOST_TEST(contains(folder.run("calotype compare grey8.png grey16.png").out, "PSNR inf"));
  BOOST_TEST(folder.run("calotype compare grey8.png alpha.png").status == 0);
  const auto objects = json_lines(folder.run("calotype compare --json grey16.png colour.png").out);
  BOOST_REQUIRE(objects.size() == 1);
  const double psnr = objects[0].get<double>("psnr"), ms_ssim = objects[0].get<double>("ms_ssim");
  BOOST_TEST((psnr > 5 && psnr < 60));
  BOOST_TEST(ms_ssim < 1);
}

BOOST_AUTO_TEST_CASE(sizes_must_agree) {
  const Folder folder;
  folder.picture("a.png", 20, 10);
  folder.picture("b.png", 10, 20);
  const auto finished = folder.run("calotype compare a.png b.png --html page.html");
  BOOST_TEST(finished.status == 2);
  BOOST_TEST(contains(finished.err, "a.png is 20x10, b.png is 10x20"));
  BOOST_TEST(!folder.has("page.html"));
}

BOOST_AUTO_TEST_CASE(the_page_holds_everything) {
  const Folder folder;
  folder.picture("<a>.png");
  BOOST_TEST(folder.run("calotype convert '<a>.png' -o b.jpg && calotype convert '<a>.png' -o c.ppm").status == 0);
  BOOST_TEST(folder.run("calotype compare '<a>.png' b.jpg --html page.html").status == 0);
  const std::string page = folder.read("page.html");
  BOOST_TEST(contains(page, "&lt;a&gt;.png"));
  BOOST_TEST(!contains(page, "<a>"));
  BOOST_TEST(!contains(page, "{{"));
  BOOST_TEST(!contains(page, "http"));
  BOOST_TEST(contains(page, "data:image/jpeg;base64,/9j/"));
  BOOST_TEST(contains(page, "data:image/png;base64,iVBORw0KGgo"));
  const auto again = folder.run("calotype compare '<a>.png' c.ppm --html page.html");
  BOOST_TEST(contains(folder.run("calotype compare missing.png c.ppm --html page.html").err, "page.html exists"));
  BOOST_TEST(again.status == 2);
  BOOST_TEST(folder.read("page.html") == page);
  BOOST_TEST(folder.run("calotype compare '<a>.png' c.ppm --html page.html --overwrite").status == 0);
  BOOST_TEST(!contains(folder.read("page.html"), "data:image/jpeg"));
}

BOOST_AUTO_TEST_SUITE_END()
