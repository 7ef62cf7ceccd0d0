// SPDX-License-Identifier: Apache-2.0
// Code and models come from where they were installed or where a person said, never from whatever folder is the current
// one.
#include <stdlib.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

#include "child.hpp"
#include "files.hpp"

namespace fs = std::filesystem;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Puts the stowaway, and a model, wherever a relative path may lead.
struct Trap : Files {
  Trap() {
    for (const std::string folder : {"", "plugins/", "calotype/plugins-1/", "lib/calotype/plugins-1/"}) {
      fs::create_directories(path("trap/" + folder));
      fs::copy_file(STOWAWAY, path("trap/" + folder + "calotype_stowaway.so"));
    }
    // At "../share/calotype/models", and in the folder itself.
    for (const std::string folder : {"share/calotype/models/stowaway", "trap/stowaway"}) {
      fs::create_directories(path(folder));
      std::ofstream(path(folder + "/model.ini")) << "[model]\nid=stowaway\n";
    }
  }

  Ended list(const std::function<void()>& prepare) const {
    Ended ended = Child({LIST_ELEMENTS, path("trap")}, prepare).wait();
    BOOST_TEST(ended.status == 0, ended.err);
    BOOST_TEST(!contains(ended.err, "stowaway was loaded"), ended.err);
    BOOST_TEST(!contains(ended.err, "model stowaway"), ended.err);
    return ended;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(discovery)

BOOST_AUTO_TEST_CASE(a_library_with_a_relative_name_finds_its_plugins) {
  const Trap trap;
  const Ended ended = trap.list([] {
    if (chdir(CALOTYPE_BIN "/..") || setenv("LD_LIBRARY_PATH", LIBRARY_FOLDER, 1)) _exit(126);
  });
  BOOST_TEST(contains(ended.err, "decoder calo"), ended.err);
  BOOST_TEST(contains(ended.err, "model latent"), ended.err);
}

BOOST_AUTO_TEST_CASE(empty_and_relative_folders_in_the_environment_are_left_out) {
  const Trap trap;
  const Ended ended = trap.list([] {
    for (const char* variable : {"CALOTYPE_PLUGIN_PATH", "CALOTYPE_MODEL_PATH"})
      if (setenv(variable, ":.::plugins:", 1)) _exit(126);
  });
  for (const std::string variable : {"PLUGIN", "MODEL"})
    BOOST_TEST(contains(ended.err, "warning: \"plugins\" in $CALOTYPE_" + variable + "_PATH is left out"), ended.err);
  BOOST_TEST(contains(ended.err, "decoder calo"), ended.err);
}

BOOST_AUTO_TEST_SUITE_END()
