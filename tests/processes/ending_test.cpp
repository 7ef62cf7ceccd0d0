// SPDX-License-Identifier: Apache-2.0
// Programs that end, fail or fork while networks are being loaded: no crash, no hang, the status that docs/cli.md
// names. So often each: $CALOTYPE_RUNS.
#include <boost/test/unit_test.hpp>
#include <memory>
#include <random>

#include "files.hpp"

namespace {

/// Several at a time, so that each is held up in places of its own. `make(i)` is the ith command.
template <class Make>
void check_all(int count, int status, Make make) {
  constexpr int at_once = 6;
  std::vector<std::unique_ptr<Child>> children(at_once);
  std::vector<Command> commands(at_once);
  for (int i = 0; i < count + at_once; ++i) {
    auto& child = children[static_cast<std::size_t>(i % at_once)];
    Command& command = commands[static_cast<std::size_t>(i % at_once)];
    if (child) check_status(command, {status}, child->wait());
    child.reset();
    if (i < count) child = std::make_unique<Child>(command = make(i));
  }
}

void check_program(const std::string& ending, const std::string& engine, int longest_ms) {
  const Files files;
  std::mt19937 random(1);
  check_all(runs(), 0, [&](int) {
    return Command{kShortProgram, ending, std::to_string(random() % (1000u * unsigned(longest_ms))), engine,
                   files.path("damaged.calo")};
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(failing_verbs)

BOOST_AUTO_TEST_CASE(damaged_input) {
  const Files files;
  const std::string png = files.path("damaged.png"), calo = files.path("damaged.calo"), out = files.path("out.png");
  const std::vector<Command> commands = {{"compress", png, "-o", files.path("out.calo")},
                                         {"decompress", calo, "-o", out},
                                         {"convert", calo, "-o", out},
                                         {"denoise", calo, "-o", out},
                                         {"deblock", png, "-o", out},
                                         {"inpaint", png, "-o", out, "--mask", files.path("whole.png")},
                                         {"compare", files.path("whole.png"), calo},
                                         {"run", "decode " + calo + " ! encode " + out}};
  for (Command command : commands) {
    command.insert(command.begin(), kCalotype);
    check_all(runs(), 4, [&](int) { return command; });
  }
}

BOOST_AUTO_TEST_CASE(output_that_cannot_be_written) {
  const Files files;
  const std::string png = files.path("whole.png"), calo = files.path("whole.calo"), nowhere = png + "/out";
  const std::vector<Command> commands = {{"compress", png, "-o", nowhere + ".calo"},
                                         {"decompress", calo, "-o", nowhere + ".png"},
                                         {"denoise", png, "-o", nowhere + ".png"},
                                         {"inpaint", png, "-o", nowhere + ".png", "--mask", png}};
  for (Command command : commands) {
    command.insert(command.begin(), kCalotype);
    check_all((runs() + 4) / 5, 8, [&](int) { return command; });
  }
}

BOOST_AUTO_TEST_CASE(nothing_of_that_name) {
  const Files files;
  for (const char* verb : {"info", "inspect"})
    check_all(runs(), 3, [&](int) { return Command{kCalotype, verb, files.path("missing")}; });
  for (const char* verb : {"help", "completion"})
    check_all(runs(), 2, [&](int) { return Command{kCalotype, verb, "missing"}; });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(short_programs)

BOOST_AUTO_TEST_CASE(that_end_early) {
  for (const char* ending : {"return", "leak", "static", "exit", "exit_in_thread", "exit_in_other_thread", "throw",
                             "end_of_thread", "decode_damaged"})
    check_program(ending, "auto", 40);
}

BOOST_AUTO_TEST_CASE(that_end_early_with_another_engine) {
  for (const char* ending : {"return", "leak", "static", "exit", "exit_in_thread", "throw"})
    check_program(ending, "opencv", 80);
}

BOOST_AUTO_TEST_CASE(that_fork) {
  for (const char* ending : {"fork_while_loading", "fork_and_return", "fork_after_work"})
    for (const char* engine : {"auto", "opencv"}) check_program(ending, engine, 40);
  check_all(runs(), 0, [](int) {
    return Command{kShortProgram, "fork_after_openmp", "0", "auto", TEST_DATA "/grouped.onnx"};
  });
}

BOOST_AUTO_TEST_SUITE_END()
