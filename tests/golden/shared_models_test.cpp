// SPDX-License-Identifier: Apache-2.0
// Which models a process shares, and for how long.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

#include "latent_model.hpp"
#include "support.hpp"

using namespace calotype;
using namespace calotype::latent;

namespace fs = std::filesystem;

namespace {

/// A copy that may be changed.
struct Copy {
  Copy() {
    const fs::path original = Model::open("latent-fast").manifest().parts.at("entropy").file.parent_path();
    for (const auto& entry : fs::directory_iterator(original))
      fs::copy_file(entry.path(), scratch.file(entry.path().filename().string()));
  }
  ScratchDirectory scratch;
  std::string name() const { return scratch.file(""); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(shared_models)

BOOST_AUTO_TEST_CASE(one_model_is_read_once) {
  const Copy copy;
  const auto model = LatentModel::open(copy.name(), {});
  BOOST_TEST((LatentModel::open(copy.name(), {}) == model));
}

BOOST_AUTO_TEST_CASE(a_replaced_model_is_read_again) {
  const Copy copy;
  const auto model = LatentModel::open(copy.name(), {});
  const std::string file = copy.scratch.file("model.ini");
  std::string text(fs::file_size(file), 0);
  std::ifstream(file).read(text.data(), std::streamsize(text.size()));
  const std::string key = "analysis_xxh128=";
  char& digit = text[text.find(key) + key.size()];
  digit = digit == '0' ? '1' : '0';
  std::ofstream(file) << text;
  BOOST_TEST((LatentModel::open(copy.name(), {}) != model));
}

BOOST_AUTO_TEST_CASE(few_are_kept_that_nobody_uses) {
  const Copy copy;
  const auto choice = [](int threads) { return EngineChoice{"auto", "auto", "auto", threads}; };
  const auto held = LatentModel::open(copy.name(), choice(1));
  const std::weak_ptr<LatentModel> unused = LatentModel::open(copy.name(), choice(2));
  for (int threads = 3; threads < 14; ++threads) LatentModel::open(copy.name(), choice(threads));
  BOOST_TEST(unused.expired());
  BOOST_TEST((LatentModel::open(copy.name(), choice(1)) == held));
}

BOOST_AUTO_TEST_SUITE_END()
