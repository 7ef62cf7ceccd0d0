// SPDX-License-Identifier: Apache-2.0
// Whatever one file or folder is like, the others are done. Shown with convert, as in batch_test.cpp.
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "command.hpp"

using Names = std::vector<std::string>;

namespace {

const std::string kSideCar("\0\5\x16\7 what macOS keeps", 22);

/// Put before a command, takes away root's right to enter every folder.
const std::string kWithoutRights =
    geteuid() == 0 ? "setpriv --bounding-set -dac_override,-dac_read_search " : std::string();

}  // namespace

BOOST_AUTO_TEST_SUITE(files)

BOOST_AUTO_TEST_CASE(links_that_lead_nowhere_fail_by_name) {
  const Folder folder;
  folder.picture("in/a.png");
  folder.picture("in/z.png");
  std::filesystem::create_symlink("m.png", folder.path("in/m.png"));
  std::filesystem::create_symlink("nowhere", folder.path("in/n.png"));
  std::filesystem::create_symlink("a.png", folder.path("in/o.png"));
  std::filesystem::create_symlink(".", folder.path("in/p.png"));
  const auto finished = folder.run("calotype convert -r in -f ppm -o out --json");
  BOOST_TEST(finished.status == 8);  // of the first, which leads to itself
  BOOST_TEST(contains(finished.err, "calotype convert: in/m.png: cannot read: Too many levels of symbolic links; "));
  BOOST_TEST(contains(finished.err, "calotype convert: in/n.png: cannot read: No such file or directory; "));
  BOOST_TEST(contains(finished.err, "3 of 5 files, 2 failed, "), finished.err);
  BOOST_TEST(json_lines(finished.out).size() == 5);
  BOOST_TEST(folder.run("ls out").out == "a.ppm\no.ppm\nz.ppm\n");
}

BOOST_AUTO_TEST_CASE(folders_that_cannot_be_listed_fail_by_name) {
  const Folder folder;
  for (const std::string name : {"in/a.png", "in/locked/b.png", "in/shut/c.png", "in/z.png", "other.png"})
    folder.picture(name);
  if (folder.run("chmod 0 in/shut && " + kWithoutRights + "ls in/shut").status == 0) {
    BOOST_TEST_MESSAGE("nothing keeps this user out of a folder");
    return;
  }
  const std::string convert = "chmod 0 in/shut && chmod 444 in/locked && " + kWithoutRights + "calotype convert ";
  const auto finished = folder.run(convert + "-r in -f ppm -o out --json; s=$?; chmod 755 in/shut in/locked; exit $s");
  BOOST_TEST(finished.status == 8);
  BOOST_TEST(contains(finished.err, "calotype convert: in/locked/b.png: cannot read: Permission denied; "));
  BOOST_TEST(
      contains(finished.err, "calotype convert: in/shut: cannot list: Permission denied; check the permissions"));
  BOOST_TEST(contains(finished.err, "2 of 4 files, 2 failed, "), finished.err);
  BOOST_TEST(json_lines(finished.out).size() == 4);
  BOOST_TEST(folder.run("ls out").out == "a.ppm\nz.ppm\n");
  const auto named = folder.run(convert + "in/shut other.png -f ppm -o out; s=$?; chmod 755 in/shut; exit $s");
  BOOST_TEST(named.status == 8);
  BOOST_TEST(contains(named.err, "in/shut: cannot list: "), named.err);
  BOOST_TEST(folder.has("out/other.ppm"));
}

BOOST_AUTO_TEST_CASE(an_empty_folder_fails_by_name) {
  const Folder folder;
  folder.picture("in/a.png");
  const auto finished = folder.run("mkdir empty && calotype convert empty in -f ppm -o out");
  BOOST_TEST(finished.status == 3);
  BOOST_TEST(contains(finished.err, "calotype convert: empty: no picture in this folder; "), finished.err);
  BOOST_TEST(folder.has("out/a.ppm"));
}

BOOST_AUTO_TEST_CASE(side_cars_are_no_pictures) {
  const Folder folder;
  folder.picture("in/a.png");
  folder.write("in/._a.png", kSideCar);
  folder.picture("in/._b.png");  // a picture whose name looks like theirs
  const auto finished = folder.run("calotype convert in -f ppm -o out");
  BOOST_TEST(finished.status == 0, finished.err);
  BOOST_TEST(contains(finished.err, "in/._a.png: left out, "));
  BOOST_TEST(contains(finished.err, "2 of 2 files, "));
  for (const std::string command : {"info in/._a.png", "convert in/._a.png -o b.ppm", "compare in/._a.png in/a.png",
                                    "run 'decode in/._a.png ! encode b.ppm'"}) {
    const auto named = folder.run("calotype " + command);
    BOOST_TEST(named.status == 5);
    BOOST_TEST(contains(named.err, "AppleDouble side-car, which holds no picture; the picture is in/a.png\n"),
               named.err);
  }
}

BOOST_AUTO_TEST_CASE(names_that_are_too_long_for_the_output) {
  const Folder folder;
  const std::string name(245, 'n');
  folder.picture("in/" + name + ".png");
  folder.picture("in/z.png");
  const auto finished = folder.run(kFakeRestore + "calotype denoise in");
  BOOST_TEST(finished.status == 8);
  BOOST_TEST(contains(finished.err, name + ".denoised.png: cannot write: File name too long; choose a shorter name"));
  BOOST_TEST(contains(finished.err, "1 of 2 files, 1 failed, "), finished.err);
  // In a folder of its own the name fits, and may be written again.
  for (const std::string often : {"", "--overwrite "})
    BOOST_TEST(folder.run(kFakeRestore + "calotype denoise --overwrite in/" + name + ".png -o out/ " + often).status ==
               0);
}

BOOST_AUTO_TEST_CASE(files_that_are_replaced_keep_mode_and_link) {
  const Folder folder;
  folder.picture("a.png");
  folder.write("private.ppm", "old");
  const auto finished = folder.run(
      "chmod 600 private.ppm; ln -s private.ppm link.ppm\n"
      "calotype convert a.png -o link.ppm --overwrite && stat -c '%a %F' private.ppm link.ppm");
  BOOST_TEST(finished.out == "600 regular file\n777 symbolic link\n", finished.err);
  BOOST_TEST(folder.read("private.ppm").substr(0, 2) == "P6");
  const auto dangling = folder.run("ln -s nowhere no.ppm; calotype convert a.png -o no.ppm --overwrite");
  BOOST_TEST(dangling.status == 2);
  BOOST_TEST(contains(dangling.err, "remove the link"), dangling.err);
}

BOOST_AUTO_TEST_CASE(times_are_preserved_when_asked) {
  const Folder folder;
  folder.picture("in/a.png");
  folder.picture("in/b.png");
  const std::string time = "2001-02-03 04:05:06.123456789";
  const auto finished = folder.run("export TZ=UTC; touch -d '" + time +
                                   "' in/a.png in/b.png\n"
                                   "calotype convert in -o out -f ppm --preserve-times && stat -c %y out/*\n"
                                   "calotype convert in/a.png -o in/a.png --overwrite --preserve-times\n"
                                   "stat -c %y in/a.png; calotype convert in/b.png -o c.ppm && stat -c %y c.ppm");
  BOOST_TEST(finished.status == 0, finished.err);
  const std::string line = time + " +0000\n";
  BOOST_TEST(finished.out.substr(0, 3 * line.size()) == line + line + line, finished.out);
  BOOST_TEST(finished.out.substr(3 * line.size()) != line);
  const auto pipe = folder.run("calotype convert - -o d.ppm --preserve-times < in/b.png");
  BOOST_TEST(pipe.status == 2);
  BOOST_TEST(contains(pipe.err, "leave it out"), pipe.err);
  for (const std::string verb : {"compress", "decompress", "denoise", "deblock", "inpaint"})
    BOOST_TEST(contains(folder.run(kFakeRestore + "calotype " + verb + " --help").out, "--preserve-times"));
}

BOOST_AUTO_TEST_CASE(outputs_that_cannot_be_written_are_said_with_the_way_out) {
  const Folder folder;
  folder.picture("a.png");
  folder.write("file", "");
  const auto check = [&](const std::string& command, int status, const std::string& answer) {
    const auto finished = folder.run(command);
    BOOST_TEST(finished.status == status, command);
    BOOST_TEST(contains(finished.err, answer), command << " said: " << finished.err);
  };
  check("calotype convert a.png -o file/b.ppm", 8, "a file where a folder should be");
  check("ln -s loop loop; calotype convert a.png -f ppm -o loop", 8, "lead back to themselves");
  check("calotype convert a.png -f ppm -o loop/", 8, "lead back to themselves");
  check("calotype info .", 8, "Is a directory; name a file in it");
  check(": > empty.png; calotype info empty.png", 4, "empty.png: the file is empty; fetch it again");
  check(": | calotype convert - -o b.png", 4, "nothing to decode; ");
  check("calotype convert a.png missing.png -o /proc/none/ -f ppm", 3, "/proc/none: cannot make this folder: ");
}

BOOST_AUTO_TEST_CASE(a_folder_that_may_not_be_written_to) {
  const Folder folder;
  folder.picture("in/a.png");
  folder.picture("in/sub/b.png");
  const std::string convert = kWithoutRights + "calotype convert -r in -f ppm -o out; s=$?; chmod 755 out/sub; exit $s";
  if (folder.run("mkdir -p out/sub; chmod 555 out/sub; " + kWithoutRights + "touch out/sub/x").status == 0) return;
  const auto finished = folder.run(convert);
  BOOST_TEST(finished.status == 8);
  BOOST_TEST(contains(finished.err, "out/sub/b.ppm: cannot write: Permission denied; check the permissions"));
  BOOST_TEST(folder.has("out/a.ppm"));
}

BOOST_AUTO_TEST_SUITE_END()
