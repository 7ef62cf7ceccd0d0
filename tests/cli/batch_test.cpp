// SPDX-License-Identifier: Apache-2.0
// What compress, decompress and convert share, shown with convert.
#include <boost/test/unit_test.hpp>

#include "command.hpp"

using Names = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(batch)

BOOST_AUTO_TEST_CASE(one_file) {
  const Folder folder;
  folder.picture("a.png");
  const auto finished = folder.run("calotype convert a.png -o b.ppm");
  BOOST_TEST(finished.status == 0);
  BOOST_TEST(finished.out.empty());
  BOOST_TEST(contains(finished.err, "a.png -> b.ppm, 48x32, "));
  BOOST_TEST(folder.read("b.ppm").substr(0, 2) == "P6");
  BOOST_TEST(folder.run("calotype convert --quiet a.png -o c.ppm").err.empty());
}

BOOST_AUTO_TEST_CASE(format_decides_over_the_extension_and_names_the_output) {
  const Folder folder;
  folder.picture("a.png");
  BOOST_TEST(folder.run("calotype convert a.png --format ppm").status == 0);
  BOOST_TEST(folder.read("a.ppm").substr(0, 2) == "P6");
  BOOST_TEST(folder.run("calotype convert a.png --format ppm -o picture.dat").status == 0);
  BOOST_TEST(folder.read("picture.dat").substr(0, 2) == "P6");
}

BOOST_AUTO_TEST_CASE(parameters_reach_the_format_that_declares_them) {
  const Folder folder;
  folder.picture("a.png", 200, 200);
  BOOST_TEST(folder.run("calotype convert a.png -o fine.jpg -p quality=95 --threads 1").status == 0);
  BOOST_TEST(folder.run("calotype convert a.png -o coarse.jpg -p quality=10").status == 0);
  BOOST_TEST(folder.read("coarse.jpg").size() < folder.read("fine.jpg").size());
  const auto wrong = folder.run("calotype convert a.png -o c.jpg -p qualty=10");
  BOOST_TEST(wrong.status == 2);
  BOOST_TEST(contains(wrong.err, "did you mean \"quality\""));
  BOOST_TEST(contains(wrong.err, "calotype convert: a.png: "));
}

BOOST_AUTO_TEST_CASE(pipes) {
  const Folder folder;
  folder.picture("a.png");
  const auto finished =
      folder.run("calotype convert - --format ppm < a.png | calotype convert - -o - -f png | calotype info -");
  BOOST_TEST(finished.status == 0);
  BOOST_TEST(contains(finished.out, "-: png, 48x32, "));
  const auto formatless = folder.run("calotype convert a.png -o - > out");
  BOOST_TEST(formatless.status == 2);
  BOOST_TEST(contains(formatless.err, "--format"));
}

BOOST_AUTO_TEST_CASE(an_existing_file_is_kept_unless_asked) {
  const Folder folder;
  folder.picture("a.png");
  folder.write("b.ppm", "precious");
  const auto refused = folder.run("calotype convert a.png -o b.ppm");
  BOOST_TEST(refused.status == 2);
  BOOST_TEST(contains(refused.err, "--overwrite"));
  BOOST_TEST(folder.read("b.ppm") == "precious");
  BOOST_TEST(folder.run("calotype convert a.png -o b.ppm --overwrite").status == 0);
  BOOST_TEST(folder.read("b.ppm") != "precious");
}

BOOST_AUTO_TEST_CASE(a_broken_file_does_not_stop_the_others) {
  const Folder folder;
  folder.picture("a.png");
  folder.picture("d.png");
  folder.write("b.png", folder.read("a.png").substr(0, 60));
  const auto finished = folder.run("calotype convert a.png b.png c.png d.png --format ppm -o out");
  BOOST_TEST(finished.status == 4);  // of the first failure; c.png is missing, which is 3
  BOOST_TEST(contains(finished.err, "calotype convert: b.png: "));
  BOOST_TEST(contains(finished.err, "calotype convert: c.png: "));
  BOOST_TEST(contains(finished.err, "2 of 4 files, "));
  BOOST_TEST(folder.names() == Names({"a.png", "b.png", "d.png", "out/", "out/a.ppm", "out/d.ppm"}),
             boost::test_tools::per_element());
  BOOST_TEST(folder.run("calotype convert c.png -o c.ppm").status == 3);
}

BOOST_AUTO_TEST_CASE(folders) {
  const Folder folder;
  folder.picture("in/a.png");
  folder.picture("in/deep/er/b.jpg");
  folder.write("in/notes.txt", "not a picture");
  BOOST_TEST(folder.run("calotype convert in -o flat --format ppm").status == 0);
  BOOST_TEST(!folder.has("flat/deep"));
  BOOST_TEST(folder.run("calotype convert in -o all --format ppm --recursive").status == 0);
  BOOST_TEST(folder.has("flat/a.ppm"));
  BOOST_TEST(folder.has("all/a.ppm"));
  BOOST_TEST(folder.has("all/deep/er/b.ppm"));
  BOOST_TEST(folder.run("calotype convert -r in --format ppm").status == 0);
  BOOST_TEST(folder.has("in/deep/er/b.ppm"));
  const auto empty = folder.run("mkdir empty && calotype convert empty -o all --format ppm");
  BOOST_TEST(empty.status == 3);
  BOOST_TEST(contains(empty.err, "--recursive"));
  const auto file = folder.run("calotype convert in -o in/a.png --format ppm");
  BOOST_TEST(file.status == 2);
  BOOST_TEST(contains(file.err, "is not a folder"));
}

BOOST_AUTO_TEST_CASE(two_inputs_never_share_an_output) {
  const Folder folder;
  folder.picture("a.png");
  folder.picture("a.jpg");
  const auto finished = folder.run("calotype convert a.png a.jpg --overwrite --format ppm");
  BOOST_TEST(finished.status == 2);
  BOOST_TEST(contains(finished.err, "a.jpg: a.ppm is another input's output already"));
  BOOST_TEST(folder.has("a.ppm"));
}

BOOST_AUTO_TEST_CASE(json_has_one_object_per_file) {
  const Folder folder;
  folder.picture("quo\"te.png");
  folder.write("bro\\ken\x80.png", "\x89PNG\r\n\x1a\n and no more");
  const auto finished = folder.run("calotype convert --json 'quo\"te.png' bro*.png missing.png --format ppm");
  BOOST_TEST(finished.status == 4);
  const auto objects = json_lines(finished.out);
  BOOST_REQUIRE(objects.size() == 3);
  BOOST_TEST(objects[0].get<std::string>("input") == "quo\"te.png");
  BOOST_TEST(objects[0].get<std::string>("output") == "quo\"te.ppm");
  BOOST_TEST(objects[0].get<std::size_t>("bytes") == folder.read("quo\"te.ppm").size());
  BOOST_TEST(objects[0].get<std::size_t>("input_bytes") == folder.read("quo\"te.png").size());
  BOOST_TEST(objects[0].get<int>("width") == 48);
  BOOST_TEST(objects[0].get<int>("height") == 32);
  BOOST_TEST(objects[0].get<double>("bpp") == 8.0 * folder.read("quo\"te.ppm").size() / (48 * 32));
  BOOST_TEST(objects[0].get<double>("seconds") > 0);
  BOOST_TEST(objects[0].get_child("networks").empty());
  BOOST_TEST(objects[1].get<std::string>("input") == "bro\\ken\xef\xbf\xbd.png");
  BOOST_TEST(objects[1].get<int>("status") == 4);
  BOOST_TEST(objects[2].get<int>("status") == 3);
}

BOOST_AUTO_TEST_CASE(limits) {
  const Folder folder;
  folder.picture("a.png", 100, 100);
  BOOST_TEST(folder.run("calotype convert a.png -o b.ppm --max-pixels 10000").status == 0);
  BOOST_TEST(folder.run("calotype convert a.png -o c.ppm --max-pixels 9999").status == 7);
  BOOST_TEST(!folder.has("c.ppm"));
}

BOOST_AUTO_TEST_CASE(names_that_no_file_system_takes) {
  const Folder folder;
  const std::string name(300, 'x');
  const auto finished = folder.run("calotype convert " + name + ".png -f ppm");
  BOOST_TEST(finished.status == 8);
  BOOST_TEST(contains(finished.err, "name too long"));
  folder.picture("a.png");
  BOOST_TEST(folder.run("calotype convert a.png -o " + name + ".ppm").status == 8);
}

BOOST_AUTO_TEST_CASE(output_that_cannot_be_written) {
  const Folder folder;
  folder.picture("a.png");
  folder.write("file", "");
  BOOST_TEST(folder.run("calotype convert a.png -o nowhere/b.ppm").status == 0);  // the folder is made
  BOOST_TEST(folder.run("calotype convert a.png -o file/b.ppm").status == 8);
  BOOST_TEST(folder.run("calotype convert a.png -f ppm -o - > /dev/full").status == 8);
}

BOOST_AUTO_TEST_CASE(a_signal_lets_the_file_at_work_finish_and_starts_no_other) {
  const Folder folder;
  folder.picture("a.png");
  folder.picture("c.png");
  // The first result line proves that the handler is in place; the second input is held open meanwhile.
  const auto finished = folder.run(
      "mkfifo pipe; calotype convert --json a.png - c.png -f ppm -o out < pipe > log & job=$!\n"
      "exec 3> pipe; until [ -s log ]; do sleep 0.02; done\n"
      "kill -TERM $job; cat a.png >&3; exec 3>&-; wait $job");
  BOOST_TEST(finished.status == 128 + 15);
  BOOST_TEST(contains(finished.err, "2 of 3 files"));
  BOOST_TEST(folder.has("out/stdin.ppm"));
  BOOST_TEST(!folder.has("out/c.ppm"));
}

BOOST_AUTO_TEST_CASE(pipelines) {
  const Folder folder;
  folder.picture("a.png");
  BOOST_TEST(folder.run("calotype run 'decode a.png ! encode b.ppm'").status == 0);
  BOOST_TEST(folder.run("calotype run decode a.png ! encode c.jpg quality=50").status == 0);
  BOOST_TEST(folder.has("b.ppm"));
  BOOST_TEST(folder.has("c.jpg"));
  BOOST_TEST(folder.run("calotype run 'decode a.png ! encode b.ppm'").status == 2);
  BOOST_TEST(folder.run("calotype run --overwrite 'decode a.png ! encode b.ppm'").status == 0);
  BOOST_TEST(folder.run("calotype run --check 'decode a.png ! encode d.jpg'").status == 0);
  BOOST_TEST(!folder.has("d.jpg"));
  BOOST_TEST(folder.run("calotype run --check 'decode a.png ! encode d.jpg quality=500'").status == 2);
  BOOST_TEST(folder.run("calotype run 'decode a.png ! nonsense ! encode d.jpg'").status == 3);
}

BOOST_AUTO_TEST_SUITE_END()
