// SPDX-License-Identifier: Apache-2.0
// What networks' files say of themselves, and what strangers may write into them.
#include "calotype/network_file.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>

#include "networks/foreign_networks.hpp"
#include "networks/onnx_writer.hpp"
#include "networks/tflite_writer.hpp"
#include "support.hpp"

using namespace calotype;

namespace {

namespace fs = std::filesystem;
using Shape = std::vector<std::int64_t>;

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "calotype-network-files-XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(name.data()));
    path_ = name;
    fs::create_directory(path_ / "model");
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  fs::path write(const std::string& name, const Bytes& bytes) const {
    write_file((path_ / "model" / name).string(), bytes, true);
    return path_ / "model" / name;
  }
  fs::path path(const std::string& name) const { return path_ / name; }

 private:
  fs::path path_;
};

Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(network_files)

BOOST_AUTO_TEST_CASE(onnx_files_name_inputs_outputs_and_metadata) {
  const Folder folder;
  const NetworkFile read = read_network_file(folder.write("a.onnx", colour_classifier(false, {{"author", "me"}})));
  BOOST_REQUIRE(read.inputs.size() == 1);
  BOOST_REQUIRE(read.outputs.size() == 1);
  BOOST_TEST(read.inputs[0].name == "image");
  BOOST_TEST(read.inputs[0].shape == Shape({1, 3, 6, 8}), boost::test_tools::per_element());
  BOOST_TEST(read.outputs[0].name == "result");
  BOOST_TEST(read.outputs[0].shape == Shape({1, 3}), boost::test_tools::per_element());
  BOOST_TEST(read.metadata.at("author") == "me");
  BOOST_TEST(read.companions.empty());
  const NetworkFile free = read_network_file(folder.write("b.onnx", doubler()));
  BOOST_TEST(free.inputs[0].shape == Shape({1, 3, -1, -1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(tensorflow_lite_files_name_inputs_and_outputs) {
  const Folder folder;
  const fs::path file = folder.write("a.tflite", tflite_file("photo", {1, 200, 100, 3}, "mask", {1, 5}));
  const NetworkFile read = read_network_file(file);
  BOOST_TEST(read.inputs.at(0).name == "photo");
  BOOST_TEST(read.inputs.at(0).shape == Shape({1, 200, 100, 3}), boost::test_tools::per_element());
  BOOST_TEST(read.outputs.at(0).name == "mask");
  BOOST_TEST(read.outputs.at(0).shape == Shape({1, 5}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(weights_beside_the_network_are_found_and_no_others) {
  const Folder folder;
  folder.write("weights.bin", blur_weights());
  write_file(folder.path("outside.bin").string(), blur_weights());
  fs::create_directory(folder.path("model/below"));
  write_file(folder.path("model/below/weights.bin").string(), blur_weights());
  fs::create_symlink("../outside.bin", folder.path("model/link.bin"));
  fs::create_symlink("weights.bin", folder.path("model/alias.bin"));
  const auto read = [&](const std::string& location) {
    return read_network_file(folder.write("a.onnx", blur(0, 0, location)));
  };
  for (const char* name : {"weights.bin", "alias.bin"}) {
    const auto companions = read(name).companions;
    BOOST_REQUIRE(companions.size() == 1);
    BOOST_TEST(companions[0].filename() == name);
  }
  for (const std::string& location : {std::string("../outside.bin"), folder.path("outside.bin").string(),
                                      std::string("below/weights.bin"), std::string("link.bin"), std::string(".."),
                                      std::string("."), std::string("a.onnx"), std::string("./weights.bin")})
    BOOST_TEST(code_of([&] { read(location); }) == ErrorCode::corrupt, location);
  BOOST_TEST(code_of([&] { read("missing.bin"); }) == ErrorCode::not_found);
  BOOST_TEST(code_of([&] { read("below"); }) == ErrorCode::io);
}

BOOST_AUTO_TEST_CASE(weights_hidden_in_graphs_within_graphs_are_found) {
  const Folder folder;
  using onnx::field;
  const std::string away =
      field(13, field(1, std::string("location")) + field(2, std::string("../outside.bin"))) + field(14, 1);
  // A graph in an attribute of a node in a graph in a function, and a part of a message that a parser would join.
  const std::string node = field(1, field(5, field(6, field(5, away))));
  for (const std::string& tail :
       {field(7, node), field(25, field(7, field(5, field(6, node)))), field(20, field(1, node))}) {
    Bytes bytes = doubler();
    bytes.insert(bytes.end(), tail.begin(), tail.end());
    BOOST_TEST(code_of([&] { read_network_file(folder.write("a.onnx", bytes)); }) == ErrorCode::corrupt);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_network_is_refused) {
  const Folder folder;
  const auto code = [&](const std::string& name, const Bytes& bytes) {
    return code_of([&] { read_network_file(folder.write(name, bytes)); });
  };
  BOOST_TEST(code("a.pth", bytes_of("PK")) == ErrorCode::unsupported);
  for (const char* name : {"a.onnx", "a.tflite"}) {
    BOOST_TEST(code(name, {}) == ErrorCode::corrupt);
    BOOST_TEST(code(name, bytes_of("no network at all, but a text of some length")) == ErrorCode::corrupt);
    BOOST_TEST(code(name, Bytes(1 << 20)) == ErrorCode::corrupt);
    fs::resize_file(folder.write(name, {}), 10'000'000'000);  // of which the disk holds nothing
    BOOST_TEST(code_of([&] { read_network_file(folder.path("model") / name); }) == ErrorCode::limit);
    fs::resize_file(folder.path("model") / name, 0);
  }
  Bytes cut = doubler();
  cut.resize(cut.size() / 2);
  BOOST_TEST(code("a.onnx", cut) == ErrorCode::corrupt);
  BOOST_TEST(code_of([&] { read_network_file(folder.path("model/missing.onnx")); }) == ErrorCode::not_found);
}

BOOST_AUTO_TEST_SUITE_END()
