// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "command.hpp"

namespace {
const char* const kVerbs[] = {"compress", "denoise", "deblock", "inpaint", "decompress", "convert",
                              "info",     "compare", "run",     "inspect", "help",       "completion"};
}

BOOST_AUTO_TEST_SUITE(usage)

BOOST_AUTO_TEST_CASE(help_names_every_verb_and_every_verb_has_help) {
  const Folder folder;
  const auto top = folder.run("calotype help");
  BOOST_TEST(top.status == 0);
  for (const std::string verb : kVerbs) {
    BOOST_TEST(contains(top.out, "  " + verb + " "));
    const auto help = folder.run("calotype " + verb + " --help");
    BOOST_TEST(help.status == 0);
    BOOST_TEST(contains(help.out, "Usage: calotype " + verb));
    BOOST_TEST(contains(help.out, "Examples:\n  "));
    BOOST_TEST(folder.run("calotype help " + verb).out == help.out);
  }
}

BOOST_AUTO_TEST_CASE(version) { BOOST_TEST(contains(Folder().run("calotype --version").out, "calotype 0.")); }

BOOST_AUTO_TEST_CASE(help_of_a_codec_shows_the_ranges_that_it_declares) {
  const auto help = Folder().run("calotype compress --help");
  BOOST_TEST(contains(help.out, "-q, --quality N"));
  BOOST_TEST(contains(help.out, "1..100"));
}

BOOST_AUTO_TEST_CASE(mistakes_are_answered_with_the_way_out) {
  const Folder folder;
  const auto check = [&](const std::string& command, const std::string& answer) {
    const auto finished = folder.run(command);
    BOOST_TEST(finished.status == 2, command);
    BOOST_TEST(contains(finished.err, answer), command << " said: " << finished.err);
    BOOST_TEST(finished.out.empty());
  };
  check("calotype denoise -j 2 --max-memory 300 a.png b.png", "leave one of them out");
  check("calotype denoise --sigma much a.png", "real 0..75 or auto");
  check("calotype", "no verb given");
  check("calotype compres", "did you mean \"compress\"?");
  check("calotype --versoin", "did you mean \"--version\"?");
  check("calotype convert --overwirte a.png", "did you mean \"--overwrite\"?");
  check("calotype convert --over a.png", "unknown option");
  check("calotype convert -o", "--help");
  check("calotype convert", "no input given");
  check("calotype convert a.png", "--format");
  check("calotype convert a.png -o b.png -p quality", "KEY=VALUE");
  check("calotype convert a.png -o b.png --max-pixels many", "whole number");
  check("calotype convert a.png b.png -o -", "folder");
  check("calotype convert a.png -o - --json", "standard output");
  check("calotype compress --quality", "--quality");
  check("calotype info", "no file given");
  check("calotype run", "no pipeline given");
  check("calotype compare a.png", "two files");
  check("calotype completion tcsh", "bash, zsh or fish");
  check("calotype inspect --kind decoders", "decoder, encoder");
  check("calotype convert a.png -o b.png --jobs 0", "for example --jobs 1");
}

BOOST_AUTO_TEST_CASE(files_whose_names_look_like_options) {
  const Folder folder;
  folder.picture("-dash.png");
  folder.picture("--dashes.png");
  for (const std::string name : {"-dash.png", "--dashes.png"}) {
    const auto refused = folder.run("calotype info " + name);
    BOOST_TEST(refused.status == 2);
    BOOST_TEST(contains(refused.err, "; for the file write ./" + name + ", or put -- before it\n"), refused.err);
    BOOST_TEST(folder.run("calotype info ./" + name).status == 0);
    BOOST_TEST(folder.run("calotype info -- " + name).status == 0);
  }
  BOOST_TEST(contains(folder.run("calotype info --jsn").err, "did you mean \"--json\"?"));
}

BOOST_AUTO_TEST_CASE(what_is_printed_arrives_or_is_missed) {
  const Folder folder;
  folder.picture("a.png");
  for (const std::string command :
       {"info a.png", "info --json a.png", "compare a.png a.png", "compare --json a.png a.png", "inspect", "help",
        "--help", "--version", "info --help", "completion bash", "convert a.png -f ppm -o - --quiet"})
    for (const std::string nowhere : {"> /dev/full", ">&-"}) {
      const auto finished = folder.run("calotype " + command + " " + nowhere);
      BOOST_TEST(finished.status == 8, command << nowhere);
      BOOST_TEST(contains(finished.err, "standard output: cannot write: "), command << " said: " << finished.err);
      BOOST_TEST(contains(finished.err, "; "));
    }
  // The picture is written all the same, and nothing but the picture into its file.
  BOOST_TEST(folder.run("calotype convert a.png -o b.ppm --json > /dev/full").status == 8);
  BOOST_TEST(folder.run("calotype convert a.png -o c.ppm --json -v >&- 2>&- <&-").status == 8);
  BOOST_TEST(folder.read("b.ppm") == folder.read("c.ppm"));
  BOOST_TEST(folder.read("c.ppm").substr(0, 2) == "P6");
  // A failure that came before decides.
  BOOST_TEST(folder.run("calotype info a.png missing.png > /dev/full").status == 3);
}

BOOST_AUTO_TEST_CASE(a_reader_that_leaves_ends_it_as_it_ends_other_tools) {
  const auto with_pipe = [](const std::string& command) {
    return Folder().run("(sleep 0.1; " + command + " calotype inspect; echo $? >&2) | true").err;
  };
  BOOST_TEST(with_pipe("env --default-signal=PIPE") == "141\n");
  const std::string ignored = with_pipe("env --ignore-signal=PIPE");
  BOOST_TEST(contains(ignored, "standard output: cannot write: Broken pipe; "), ignored);
  BOOST_TEST(contains(ignored, "\n8\n"), ignored);
}

BOOST_AUTO_TEST_CASE(completion_scripts_are_valid_and_know_verbs_and_options) {
  const Folder folder;
  BOOST_TEST(folder.run("calotype completion bash > c.bash && bash -n c.bash").status == 0);
  const auto completed = folder.run(
      "bash -c '. ./c.bash; COMP_WORDS=(calotype compress --qual); COMP_CWORD=2; _calotype; echo ${COMPREPLY[0]};"
      "COMP_WORDS=(calotype comple); COMP_CWORD=1; _calotype; echo ${COMPREPLY[0]};"
      "COMP_WORDS=(calotype inspect --kind eng); COMP_CWORD=3; _calotype; echo ${COMPREPLY[0]}'");
  BOOST_TEST(completed.out == "--quality\ncompletion\nengine\n");
  for (const std::string shell : {"zsh", "fish"}) {
    const auto script = folder.run("calotype completion " + shell);
    BOOST_TEST(script.status == 0);
    for (const std::string verb : kVerbs) BOOST_TEST(contains(script.out, verb));
  }
}

BOOST_AUTO_TEST_SUITE_END()
