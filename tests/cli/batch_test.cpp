// SPDX-License-Identifier: Apache-2.0
// What all verbs that turn files into files share, shown with convert, and with denoise where it matters how long a
// file takes.
#include <boost/test/unit_test.hpp>
#include <map>

#include "command.hpp"

using Names = std::vector<std::string>;

namespace {

/// a.ppm to f.ppm in a folder.
void six_pictures(const Folder& folder) {
  for (const std::string name : {"a", "b", "c", "d", "e", "f"}) folder.picture("in/" + name + ".ppm");
}

/// Begins a script: `await 'COMMAND'` waits until it succeeds, ten seconds at most.
const std::string kAwait = "await() { n=0; until eval \"$1\" || [ $((n += 1)) -gt 1000 ]; do sleep 0.01; done; }\n";

/// Starts to denoise them on `out`; goes on when the first is being computed and no other may be. Shells let what they
/// start in the background ignore SIGINT, hence env.
const std::string kDenoise =
    "calotype denoise --gate gate in -o out --skip-existing & job=$!\n"
    "await '[ -s gate.begun ]'\n";
const std::string kBeginDenoise = kFakeRestore + kAwait + "env --default-signal=INT " + kDenoise;

/// Sends it, and waits until it was understood.
std::string first_signal(const std::string& signal) {
  return "kill -" + signal + " $job; await 'grep -q \"once more stops at once\" ../err'\n";
}

/// After an interrupted run: the same command does the rest, as if nothing had happened.
void check_that_it_goes_on(const Folder& folder, const std::string& summary) {
  const auto finished = folder.run(kFakeRestore +
                                   "touch gate; calotype denoise --gate gate in -o out --skip-existing\n"
                                   "calotype denoise --quiet in -o uninterrupted && diff -r out uninterrupted");
  BOOST_TEST(finished.status == 0, finished.err);
  BOOST_TEST(contains(finished.err, summary), finished.err);
}

}  // namespace

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
  BOOST_TEST(contains(finished.err, "2 of 4 files, 2 failed, "));
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
  std::map<std::string, boost::property_tree::ptree> objects;  // they come as they are done
  for (const auto& object : json_lines(finished.out)) objects[object.get<std::string>("input")] = object;
  BOOST_REQUIRE(objects.size() == 3);
  const auto& done = objects["quo\"te.png"];
  BOOST_TEST(done.get<std::string>("output") == "quo\"te.ppm");
  BOOST_TEST(done.get<std::size_t>("bytes") == folder.read("quo\"te.ppm").size());
  BOOST_TEST(done.get<std::size_t>("input_bytes") == folder.read("quo\"te.png").size());
  BOOST_TEST(done.get<int>("width") == 48);
  BOOST_TEST(done.get<int>("height") == 32);
  BOOST_TEST(done.get<double>("bpp") == 8.0 * folder.read("quo\"te.ppm").size() / (48 * 32));
  BOOST_TEST(done.get<double>("seconds") > 0);
  BOOST_TEST(done.get_child("networks").empty());
  BOOST_TEST(objects["bro\\ken\xef\xbf\xbd.png"].get<int>("status") == 4);
  BOOST_TEST(objects["missing.png"].get<int>("status") == 3);
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

BOOST_AUTO_TEST_CASE(existing_files_are_skipped) {
  const Folder folder;
  for (const std::string name : {"a.png", "b.png", "c.png"}) folder.picture("in/" + name);
  folder.write("out/b.ppm", "precious");
  const auto finished = folder.run("calotype convert in -o out --format ppm --skip-existing --json");
  BOOST_TEST(finished.status == 0);
  BOOST_TEST(contains(finished.err, "2 of 3 files, 1 skipped, "));
  BOOST_TEST(contains(finished.out, R"({"input":"in/b.png","output":"out/b.ppm","skipped":true})"));
  BOOST_TEST(folder.read("out/b.ppm") == "precious");
  BOOST_TEST(folder.read("out/a.ppm").substr(0, 2) == "P6");
  const auto refused = folder.run("calotype convert in -o out --format ppm");
  BOOST_TEST(refused.status == 2);
  BOOST_TEST(contains(refused.err, "--skip-existing"));
  BOOST_TEST(folder.run("calotype convert in -o out -f ppm --skip-existing --overwrite").status == 2);
}

BOOST_AUTO_TEST_CASE(three_broken_of_twenty) {
  const Folder folder;
  for (char name = 'a'; name < 'u'; ++name) folder.picture(std::string("in/") + name + ".png");
  folder.write("in/c.png", folder.read("in/c.png").substr(0, 60));
  folder.write("in/k.png", "no picture");
  folder.write("in/t.png", folder.read("in/t.png").substr(0, 100));
  for (const std::string jobs : {"1", "2", "30"}) {
    const auto finished = folder.run("calotype convert in -o out" + jobs + " --format ppm --json --jobs " + jobs);
    BOOST_TEST(finished.status == 4);
    BOOST_TEST(contains(finished.err, "17 of 20 files, 3 failed, "), finished.err);
    for (const std::string broken : {"c", "k", "t"})
      BOOST_TEST(contains(finished.err, "calotype convert: in/" + broken + ".png: "));
    BOOST_TEST(json_lines(finished.out).size() == 20);
  }
  BOOST_TEST(folder.run("ls out1 | wc -l").out == "17\n");
  BOOST_TEST(folder.run("diff -r out1 out2 && diff -r out1 out30").status == 0);
}

BOOST_AUTO_TEST_CASE(the_first_of_the_inputs_that_failed_decides_the_status) {
  const Folder folder;
  // What comes through the pipe, and is no picture, fails later than what does not exist.
  const auto status = [&](const std::string& inputs) {
    return folder
        .run(kAwait + "rm -f pipe; mkfifo pipe; calotype convert " + inputs + " -f ppm -o out < pipe & job=$!\n" +
             "exec 3> pipe; await 'grep -q missing.png ../err'; echo no picture >&3; exec 3>&-; wait $job")
        .status;
  };
  BOOST_TEST(status("- missing.png") == 5);
  BOOST_TEST(status("missing.png -") == 3);
}

BOOST_AUTO_TEST_CASE(jobs_share_the_threads) {
  const Folder folder;
  six_pictures(folder);
  const auto finished = folder.run(kFakeRestore + kAwait +
                                   "calotype denoise --gate gate --jobs 2 --threads 6 in -o two & job=$!\n"
                                   "await '[ $(wc -l < gate.begun) = 2 ]'; cat gate.begun; touch gate; wait $job\n"
                                   "calotype denoise in -o one && diff -r one two");
  BOOST_TEST(finished.out == "3\n3\n");
  BOOST_TEST(finished.status == 0, finished.err);
  BOOST_TEST(contains(finished.err, "6 of 6 files, "));
  BOOST_TEST(folder.run("calotype convert in -o x --jobs 0").status == 2);
}

BOOST_AUTO_TEST_CASE(a_signal_lets_the_file_at_work_finish_and_starts_no_other) {
  for (const std::string signal : {"INT", "TERM"}) {
    const Folder folder;
    six_pictures(folder);
    const auto finished = folder.run(kBeginDenoise + first_signal(signal) + "touch gate; wait $job");
    BOOST_TEST(finished.status == 128 + (signal == "INT" ? 2 : 15));
    BOOST_TEST(contains(finished.err, "1 of 6 files, "), finished.err);
    BOOST_TEST(contains(finished.err, "; 5 remain, the same command with --skip-existing goes on"));
    BOOST_TEST(folder.run("ls -A out | wc -l").out == "1\n");
    check_that_it_goes_on(folder, "5 of 6 files, 1 skipped, ");
  }
}

BOOST_AUTO_TEST_CASE(a_second_signal_ends_it_at_once) {
  const Folder folder;
  six_pictures(folder);
  const auto finished = folder.run(kBeginDenoise + first_signal("INT") + "kill -INT $job; wait $job");
  BOOST_TEST(finished.status == 128 + 2);
  BOOST_TEST(!folder.has("out"));
  check_that_it_goes_on(folder, "6 of 6 files, ");
}

BOOST_AUTO_TEST_CASE(signals_that_the_caller_ignores_stay_ignored) {
  const Folder folder;
  six_pictures(folder);
  const auto finished = folder.run(kFakeRestore + kAwait + "trap '' INT TERM\n" + kDenoise +
                                   "kill -INT $job; kill -TERM $job; touch gate; wait $job");
  BOOST_TEST(finished.status == 0, finished.err);
  BOOST_TEST(contains(finished.err, "6 of 6 files, "), finished.err);
}

BOOST_AUTO_TEST_CASE(a_killed_run_goes_on) {
  const Folder folder;
  six_pictures(folder);
  folder.write("out/.f.png.123456.tmp", "what may be left where the file system has no unnamed files");
  const auto finished = folder.run(kBeginDenoise + "kill -KILL $job; wait $job");
  BOOST_TEST(finished.status == 128 + 9);
  BOOST_TEST(folder.run("ls out").out.empty());
  BOOST_TEST(folder.run("rm out/.f.png.123456.tmp").status == 0);
  check_that_it_goes_on(folder, "6 of 6 files, ");
}

BOOST_AUTO_TEST_CASE(a_file_that_may_not_grow_so_large) {
  const Folder folder;
  folder.picture("a.png", 100, 100);
  folder.picture("b.png", 10, 10);
  const auto finished = folder.run("ulimit -f 8; calotype convert a.png b.png -f ppm");  // blocks of 512 bytes
  BOOST_TEST(finished.status == 8);
  BOOST_TEST(contains(finished.err, "a.png: a.ppm: cannot write: File too large; raise the limit"), finished.err);
  BOOST_TEST(folder.names() == Names({"a.png", "b.png", "b.ppm"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(progress_is_for_terminals) {
  const Folder folder;
  folder.picture("in/a.png");
  folder.picture("in/b.png");
  const auto shown = folder.run("script -qec 'calotype convert in -o out -f ppm' /dev/null");
  BOOST_TEST(contains(shown.out, "[0/2] in/a.png"), shown.out);
  BOOST_TEST(contains(shown.out, "[2/2] "));
  BOOST_TEST(contains(shown.out, " files/s, 0 s left  in/b.png"));
  BOOST_TEST(!contains(folder.run("calotype convert in -o again -f ppm").err, "[2/2]"));
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
