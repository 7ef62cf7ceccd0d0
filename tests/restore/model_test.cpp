// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <filesystem>

#include "networks/model_writer.hpp"
#include "support.hpp"

using namespace calotype;

namespace {

/// What comes of a picture that a network of this shape restores.
Image restored(const NetworkShape& shape, const std::string& engine) {
  static int number = 0;  // the library knows a network that it has loaded by its file
  const auto folder = std::filesystem::temp_directory_path() /
                      ("calotype_restorer_" + std::to_string(::getpid()) + "_" + std::to_string(number++));
  write_model(folder, "restore", {{"restore", tiny_network(shape)}});
  struct Removal {
    const std::filesystem::path& of;
    ~Removal() { std::filesystem::remove_all(of); }
  } removal{folder};
  return run("denoise", image_of(sample()), {{"model", folder.string()}, {"sigma", "5"}, {"engine", engine}});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(model)

BOOST_AUTO_TEST_CASE(restorers_of_three_channels_are_run_and_others_are_refused) {
  for (const char* engine : {"onednn", "opencv"}) BOOST_TEST_CONTEXT(engine) {
      BOOST_TEST(!same(restored({"Conv", 4, 3, 1}, engine).pixels, sample()));
      for (const NetworkShape& wrong : {NetworkShape{"Conv", 4, 1, 1},
                                        {"Conv", 4, 2, 1},
                                        {"Conv", 4, 4, 1},
                                        {"Conv", 4, 3, 2},
                                        {"ConvTranspose", 4, 3, 2},
                                        {"Conv", 4, 3, 1, "z"}})
        BOOST_CHECK_EXCEPTION(restored(wrong, engine), Error,
                              [](const Error& e) { return e.code() == ErrorCode::corrupt && !e.hint().empty(); });
    }
}

BOOST_AUTO_TEST_SUITE_END()
