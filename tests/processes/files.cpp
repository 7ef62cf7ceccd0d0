// SPDX-License-Identifier: Apache-2.0
#include "files.hpp"

#include <stdlib.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace fs = std::filesystem;

const std::string kCalotype = CALOTYPE_BIN "/calotype", kShortProgram = SHORT_PROGRAM;

int runs() {
  const char* const asked = std::getenv("CALOTYPE_RUNS");
  return asked ? std::atoi(asked) : 6;
}

void check_status(const Command& command, const std::vector<int>& statuses, const Ended& ended) {
  std::string text;
  for (const std::string& word : command) text += word + " ";
  BOOST_TEST(!ended.hung, text << "did not end");
  const bool expected = std::find(statuses.begin(), statuses.end(), ended.status) != statuses.end();
  BOOST_TEST(expected, text << "ended with " << ended.status << ": " << ended.err);
}

Files::Files() {
  std::string name = (fs::temp_directory_path() / "calotype-processes-XXXXXX").string();
  BOOST_REQUIRE(mkdtemp(name.data()));
  path_ = name;
  fs::permissions(path_, fs::perms::all);
  fs::create_directory(path("out"));
  fs::permissions(path("out"), fs::perms::all);

  std::ofstream ppm(path("whole.ppm"), std::ios::binary);
  ppm << "P6 96 64 255\n";
  for (int i = 0; i < 96 * 64 * 3; ++i) ppm.put(static_cast<char>(60 + i * 7 % 128));
  ppm.close();
  for (const std::string extension : {".png", ".calo"}) {
    const Ended made = Child({kCalotype, "convert", path("whole.ppm"), "-o", path("whole" + extension)}).wait();
    BOOST_REQUIRE_MESSAGE(made.status == 0, made.err);
    std::ostringstream whole;
    whole << std::ifstream(path("whole" + extension), std::ios::binary).rdbuf();
    std::string bytes = whole.str();
    char& byte = bytes[bytes.size() * 3 / 4];
    byte = static_cast<char>(byte ^ 0x55);
    std::ofstream(path("damaged" + extension), std::ios::binary) << bytes;
  }
  fs::copy_file(path("whole.png"), path("other.png"));
}

Files::~Files() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}
