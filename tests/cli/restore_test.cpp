// SPDX-License-Identifier: Apache-2.0
// What denoise, deblock and inpaint make of files; their networks are tested elsewhere.
#include <boost/test/unit_test.hpp>

#include "command.hpp"

using Names = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(restore)

BOOST_AUTO_TEST_CASE(help_and_completion_show_what_the_element_declares) {
  const Folder folder;
  for (const std::string verb : {"denoise", "deblock", "inpaint"}) {
    const auto help = folder.run(kFakeRestore + "calotype " + verb + " --help");
    BOOST_TEST(help.status == 0);
    BOOST_TEST(contains(help.out, "Usage: calotype " + verb));
    BOOST_TEST(contains(help.out, verb == "inpaint" ? "--mask FILE|DIR" : "--gate TEXT"));
    BOOST_TEST(contains(help.out, "--skip-existing"));
  }
  const auto completed = folder.run(kFakeRestore +
                                    "calotype completion bash > c.bash\n"
                                    "bash -c '. ./c.bash; COMP_WORDS=(calotype deblock --ga); COMP_CWORD=2; _calotype; "
                                    "echo ${COMPREPLY[0]}'");
  BOOST_TEST(completed.out == "--gate\n");
}

BOOST_AUTO_TEST_CASE(names_and_formats) {
  const Folder folder;
  folder.picture("photo.jpg");
  folder.picture("deep.png", 48, 32, CV_16UC3);
  const auto finished =
      folder.run(kFakeRestore +
                 "calotype denoise photo.jpg deep.png && calotype deblock photo.jpg --format ppm &&\n"
                 "calotype inpaint photo.jpg -o a.jpg -p quality=10 &&\n"
                 "calotype inpaint photo.jpg -o b.jpg -p quality=90 &&\n"
                 "calotype denoise photo.jpg -o folder/ && calotype info deep.denoised.png --json &&\n"
                 "calotype denoise - < deep.png > stdout.png");
  BOOST_TEST(finished.status == 0, finished.err);
  BOOST_TEST(folder.names() == Names({"a.jpg", "b.jpg", "deep.denoised.png", "deep.png", "folder/", "folder/photo.png",
                                      "photo.deblocked.ppm", "photo.denoised.png", "photo.jpg", "stdout.png"}),
             boost::test_tools::per_element());
  BOOST_TEST(folder.read("a.jpg").size() < folder.read("b.jpg").size());
  BOOST_TEST(contains(finished.out, R"("bit_depth":16)"));
  BOOST_TEST(folder.read("stdout.png") == folder.read("deep.denoised.png"));
  BOOST_TEST(folder.read("deep.png") != folder.read("deep.denoised.png"));
  const auto wrong = folder.run(kFakeRestore + "calotype denoise photo.jpg -o c.png --precision fp8");
  BOOST_TEST(wrong.status == 2);
  BOOST_TEST(contains(wrong.err, "calotype denoise: parameter "));
}

BOOST_AUTO_TEST_CASE(what_it_has_written_is_no_input_of_the_next_run) {
  const Folder folder;
  folder.picture("in/a.png");
  folder.picture("in/sub/b.jpg");
  for (const std::string where : {"", "-o in/out"}) {
    const std::string command = kFakeRestore + "calotype denoise --recursive in " + where + " --skip-existing";
    BOOST_TEST(contains(folder.run(command).err, "2 of 2 files, "));
    BOOST_TEST(contains(folder.run(command).err, "0 of 2 files, 2 skipped, "));
  }
  BOOST_TEST(folder.names() == Names({"in/", "in/a.denoised.png", "in/a.png", "in/out/", "in/out/a.png", "in/out/sub/",
                                      "in/out/sub/b.png", "in/sub/", "in/sub/b.denoised.png", "in/sub/b.jpg"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(masks) {
  const Folder folder;
  folder.picture("in/a.ppm");
  folder.picture("in/b.ppm");
  folder.picture("in/sub/a.ppm");
  folder.write("all.pgm", "P5 48 32 255\n" + std::string(48 * 32, '\xff'));
  folder.write("masks/a.txt", "no picture, no mask");
  folder.write("masks/a.pgm", "P5 48 32 255\n" + std::string(48 * 32, '\xff'));
  folder.write("masks/sub/a.pgm", "P5 48 32 255\n" + std::string(48 * 32, '\0'));
  const std::string header = folder.read("in/a.ppm").substr(0, folder.read("in/a.ppm").size() - 48 * 32 * 3);
  const std::string white = header + std::string(48 * 32 * 3, '\xff');

  BOOST_TEST(folder.run(kFakeRestore + "calotype inpaint in/a.ppm --mask all.pgm -o a.ppm").status == 0);
  BOOST_TEST(folder.read("a.ppm") == white);
  BOOST_TEST(folder.run(kFakeRestore + "calotype inpaint in/a.ppm -o same.ppm").status == 0);
  BOOST_TEST(folder.read("same.ppm") == folder.read("in/a.ppm"));

  const auto finished = folder.run(kFakeRestore + "calotype inpaint -r in --mask masks -o out -f ppm");
  BOOST_TEST(finished.status == 3);
  BOOST_TEST(contains(finished.err, "in/b.ppm: no mask in masks; it would be called masks/b.png"), finished.err);
  BOOST_TEST(contains(finished.err, "2 of 3 files, 1 failed, "));
  BOOST_TEST(folder.read("out/a.ppm") == white);
  BOOST_TEST(folder.read("out/sub/a.ppm") == folder.read("in/sub/a.ppm"));

  const auto within = folder.run(kFakeRestore + "mv masks in && calotype inpaint -r in --mask in/masks -o out2 -f ppm");
  BOOST_TEST(contains(within.err, "2 of 3 files, 1 failed, "), within.err);
}

BOOST_AUTO_TEST_SUITE_END()
