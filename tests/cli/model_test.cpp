// SPDX-License-Identifier: Apache-2.0
// Models that people add; what networks make of pictures is tested elsewhere.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "command.hpp"
#include "networks/foreign_networks.hpp"
#include "networks/onnx_writer.hpp"
#include "networks/tflite_writer.hpp"

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

namespace {

class ModelFolder : public Folder {
 public:
  using Folder::write;
  void write(const std::string& name, const calotype::Bytes& bytes) const {
    Folder::write(name, std::string(bytes.begin(), bytes.end()));
  }
  std::string models() const { return path("../data/calotype/models"); }
  /// Everything in the user's folder, hidden names too.
  Names left() const {
    Names names;
    if (fs::exists(models()))
      for (const auto& entry : fs::directory_iterator(models())) names.push_back(entry.path().filename().string());
    return names;
  }
  /// The command fails with this status, says this, and leaves nothing.
  void check_refused(const std::string& command, int status, const std::string& text) const {
    const auto finished = run("calotype model add " + command);
    BOOST_TEST(finished.status == status, command << ": " << finished.err);
    BOOST_TEST(contains(finished.err, text), command << ": " << finished.err);
    BOOST_TEST(finished.out == "");
    BOOST_TEST(left().empty());
  }
};

/// What `model add --json` says of a key: its value, and where it comes from.
std::pair<std::string, std::string> said(const boost::property_tree::ptree& json, const std::string& key) {
  for (const auto& [unused, line] : json.get_child("keys"))
    if (line.get<std::string>("key") == key) return {line.get<std::string>("value"), line.get<std::string>("source")};
  return {};
}

using Said = std::pair<std::string, std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(model)

BOOST_AUTO_TEST_CASE(a_network_that_makes_pictures_is_measured_and_used) {
  const ModelFolder folder;
  folder.write("large.onnx", doubler());
  folder.picture("photo.png", 40, 30);
  const auto added = folder.run("calotype model add large.onnx --task image --license MIT --json");
  BOOST_REQUIRE(added.status == 0);
  const auto json = json_lines(added.out).at(0);
  BOOST_TEST(json.get<std::string>("model") == "large");
  BOOST_TEST((said(json, "output.scale") == Said{"2", "measured"}));
  BOOST_TEST((said(json, "tile.multiple") == Said{"1", "measured"}));
  BOOST_TEST((said(json, "tile.halo") == Said{"0", "measured"}));
  BOOST_TEST((said(json, "input.name") == Said{"image", "from the file"}));
  BOOST_TEST((said(json, "input.range") == Said{"0..1", "guessed"}));
  BOOST_TEST((said(json, "model.license") == Said{"MIT", "given"}));
  BOOST_TEST(json.get<int>("width") == 128);

  const auto used = folder.run(
      "calotype run 'decode photo.png ! network model=large ! encode larger.png' && calotype info larger.png &&\n"
      "calotype inspect --exists large && calotype model check && calotype model show large --json");
  BOOST_TEST(used.status == 0, used.err);
  BOOST_TEST(contains(used.out, "larger.png: png, 80x60"));
  BOOST_TEST(contains(used.out, "ok      large"));
  BOOST_TEST(contains(used.out, R"("outputs":{"picture":"result"})"));
  const auto listed = folder.run("calotype model list --json").out;
  BOOST_TEST(contains(listed, R"({"model":"large","task":"image","license":"MIT","own":true})"), listed);
  BOOST_TEST(contains(listed, R"("model":"denoise-fast","task":"restore","license":"Apache-2.0","own":false)"));

  BOOST_TEST(folder.run("calotype model remove large").status == 0);
  BOOST_TEST(folder.left().empty());
  BOOST_TEST(folder.run("calotype inspect --exists large").status == 3);
}

BOOST_AUTO_TEST_CASE(reach_and_multiple_are_found) {
  const ModelFolder folder;
  folder.write("blur.onnx", blur());
  folder.write("halving.onnx", halving());
  folder.write("fixed.onnx", blur(40, 48));
  const auto json = json_lines(folder
                                   .run("for name in blur halving fixed; do calotype model add $name.onnx --task image "
                                        "--json; done")
                                   .out);
  BOOST_REQUIRE(json.size() == 3);
  BOOST_TEST(said(json[0], "tile.halo").first == "2");
  BOOST_TEST(said(json[1], "tile.multiple").first == "2");
  BOOST_TEST(said(json[2], "input.size").first == "48x40");
  BOOST_TEST(said(json[2], "tile.halo").first == "2");
}

BOOST_AUTO_TEST_CASE(a_classifier_says_what_it_sees) {
  const ModelFolder folder;
  folder.write("net.onnx", colour_classifier());
  folder.write("names.txt", "red\r\ngreen\r\nblue\r\n");
  folder.write("green.ppm", "P6 2 1 255\n" + std::string("\0\xff\0\0\xff\0", 6));
  const auto added = folder.run(
      "calotype model add net.onnx --task classify --name colours --labels names.txt --mean 0 --std 1 --sample "
      "green.ppm");
  BOOST_TEST(added.status == 0, added.err);
  BOOST_TEST(contains(added.out, "green.ppm:\n  0.9999 green\n"), added.out);
  BOOST_TEST(contains(added.out, "output.logits"));
  const auto run = folder.run("calotype run 'decode green.ppm ! network model=colours top=1'");
  BOOST_TEST(run.out == "0.9999 green\n");
  folder.write("probabilities.onnx", colour_classifier(true));
  const auto second = folder.run("calotype model add probabilities.onnx --task classify --json");
  BOOST_TEST((said(json_lines(second.out).at(0), "output.probabilities") == Said{"result", "measured"}));
}

BOOST_AUTO_TEST_CASE(a_file_says_what_it_knows_of_itself) {
  const ModelFolder folder;
  folder.write("known.onnx", colour_classifier(false, {{"task", "classify"},
                                                       {"names", "{0: 'ros', 1: \"d'oro\", 2: 'blau'}"},
                                                       {"model_license", "CC0-1.0"},
                                                       {"Image.BitmapPixelFormat", "Bgr8"},
                                                       {"input.mean", "0.25"},
                                                       {"model.source", "two\nlines"}}));
  const auto json = json_lines(folder.run("calotype model add known.onnx --json").out).at(0);
  BOOST_TEST((said(json, "model.task") == Said{"classify", "from the file"}));
  BOOST_TEST((said(json, "model.license") == Said{"CC0-1.0", "from the file"}));
  BOOST_TEST((said(json, "input.channels") == Said{"bgr", "from the file"}));
  BOOST_TEST((said(json, "input.mean") == Said{"0.25", "from the file"}));
  BOOST_TEST(said(json, "input.std").first == "");  // nothing is guessed beside what is said
  BOOST_TEST(said(json, "model.source").first == "");
  BOOST_TEST(folder.read("../data/calotype/models/known/labels.txt") == "ros\nd'oro\nblau\n");
}

BOOST_AUTO_TEST_CASE(tasks_without_an_element_are_declared_and_probed) {
  const ModelFolder folder;
  folder.write("light.onnx", lightness());
  const auto added = folder.run("calotype model add light.onnx --task cutout && calotype model check light");
  BOOST_TEST(added.status == 0, added.err);
  BOOST_TEST(contains(added.out, "image 1x3x224x224 -> result 1x1x224x224"), added.out);
  folder.picture("a.png");
  const auto refused = folder.run("calotype run 'decode a.png ! network model=light'");
  BOOST_TEST(refused.status == 2);
  BOOST_TEST(contains(refused.err, "model light is for \"cutout\", not for image or classify"), refused.err);
}

BOOST_AUTO_TEST_CASE(folders_are_added_too) {
  const ModelFolder folder;
  folder.write("net/weights.bin", blur_weights());
  folder.write("net/a.onnx", blur(0, 0, "weights.bin"));
  folder.write("net/labels.txt", "unused\n");
  const auto added = folder.run("calotype model add net/ --task image && calotype model check");
  BOOST_TEST(added.status == 0, added.err);
  BOOST_TEST(fs::exists(folder.models() + "/net/weights.bin"));
  // What was added, shared as a folder, can be added by others.
  const auto again =
      folder.run("mv ../data/calotype/models/net shared && calotype model add shared --name again --json");
  BOOST_TEST(again.status == 0, again.err);
  BOOST_TEST((said(json_lines(again.out).at(0), "model.task") == Said{"image", "from the file"}));
  BOOST_TEST(folder.left() == Names{"again"}, boost::test_tools::per_element());

  folder.write("net/b.onnx", doubler());
  const auto many = folder.run("calotype model add net --task image");
  BOOST_TEST(many.status == 2);
  BOOST_TEST(contains(many.err, "several networks: "));
  BOOST_TEST(folder.run("mkdir none && calotype model add none --task image").status == 3);
}

BOOST_AUTO_TEST_CASE(changed_files_are_found) {
  const ModelFolder folder;
  folder.write("net/weights.bin", blur_weights());
  folder.write("net/a.onnx", blur(0, 0, "weights.bin"));
  folder.write("b.onnx", doubler());
  BOOST_TEST(folder.run("calotype model add net --task image && calotype model add b.onnx --task image").status == 0);
  const auto checked = folder.run("printf x >> ../data/calotype/models/net/weights.bin\ncalotype model check");
  BOOST_TEST(checked.status == 4);
  BOOST_TEST(checked.out == "ok      b\n");
  BOOST_TEST(contains(checked.err, "weights.bin: expected checksum"), checked.err);
}

BOOST_AUTO_TEST_CASE(names_are_taken_once) {
  const ModelFolder folder;
  folder.write("a.onnx", doubler());
  folder.check_refused("a.onnx --task image --name denoise-fast", 2, "called \"denoise-fast\" already");
  for (const char* name : {"''", "../b", "a/b", ".b", "'a b'", "./-b"})
    folder.check_refused(std::string("a.onnx --task image --name ") + name, 2, "cannot be a model's name");
  BOOST_TEST(folder.run("calotype model add a.onnx --task image").status == 0);
  const auto twice = folder.run("calotype model add a.onnx --task image");
  BOOST_TEST(twice.status == 2);
  BOOST_TEST(contains(twice.err, "calotype model remove a"), twice.err);
  for (const char* name : {"b", "denoise-fast", "../models/a", "."})
    BOOST_TEST(folder.run(std::string("calotype model remove ") + name).status == 3, name);
  BOOST_TEST(folder.left() == Names{"a"}, boost::test_tools::per_element());
  BOOST_TEST(folder.run("XDG_DATA_HOME= HOME= calotype model add a.onnx --task image --name c").status == 2);
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_said) {
  const ModelFolder folder;
  folder.write("a.onnx", doubler());
  folder.write("c.onnx", colour_classifier());
  folder.write("two.txt", "one\ntwo\n");
  folder.check_refused("a.onnx", 2, "add --task, one of image, classify, embed, segment, cutout, detect");
  folder.check_refused("a.onnx --task paint", 2, "\"paint\" is no task");
  folder.check_refused("missing.onnx --task image", 3, "missing.onnx");
  folder.check_refused("a.onnx --task image --output picture=other", 2, "it has: result");
  folder.check_refused("a.onnx --task image --input other", 5, "leave --input out");
  folder.check_refused("a.onnx --task image --set tile.hallo=3", 4, "tile.halo");
  folder.check_refused("a.onnx --task image --set halo", 2, "--set KEY=VALUE");
  folder.check_refused("a.onnx --task image --scale 3", 5, "check the model's [tile] section and its scale");
  folder.check_refused("c.onnx --task image", 5, "does not make a picture");
  folder.check_refused("c.onnx --task classify --labels two.txt", 2, "3 scores, and there are 2 labels");
  folder.check_refused("c.onnx --task classify --std 0", 4, "input.std");
  folder.check_refused("c.onnx --task classify --sample missing.png", 3, "missing.png");
  folder.check_refused("c.onnx --task classify --engine none", 3, "none");
  folder.check_refused("c.onnx --task detect", 5, "is 1x3, and task detect needs boxes");
  folder.check_refused("", 2, "no file is named");
  onnx::Graph graph;
  for (const char* name : {"a", "b"}) graph.input(name, 3);
  graph.output(graph.node("Add", {"a", "b"}));
  folder.write("two.onnx", graph.bytes());
  folder.check_refused("two.onnx --task image", 5, "the network takes \"a\" ?x3x?x?");
  onnx::Graph deep;
  deep.input("x", {1, 8, 0, 0});
  deep.output(deep.node("Relu", {"x"}));
  folder.write("deep.onnx", deep.bytes());
  folder.check_refused("deep.onnx --task image", 5, "has 8 channels");
  BOOST_TEST(folder.run("calotype model").status == 2);
  BOOST_TEST(contains(folder.run("calotype model ad x").err, "add list show check remove"));
}

BOOST_AUTO_TEST_CASE(hostile_files_are_refused_before_anything_is_copied) {
  const ModelFolder folder;
  folder.write("text.onnx", std::string("this is no network"));
  folder.check_refused("text.onnx --task image", 4, "text.onnx");
  folder.write("text.tflite", std::string("this is no network, but longer than a header"));
  folder.check_refused("text.tflite --task image", 4, "text.tflite");
  BOOST_TEST(folder.run("truncate -s 10G zeros.onnx").status == 0);
  folder.check_refused("zeros.onnx --task image", 7, "zeros.onnx is larger than the limit");
  BOOST_TEST(folder.run("truncate -s 1500M zeros.onnx").status == 0);
  folder.check_refused("zeros.onnx --task image", 4, "damaged");
  folder.write("outside.bin", blur_weights());
  folder.write("in/net.onnx", blur(0, 0, "../outside.bin"));
  folder.check_refused("in/net.onnx --task image", 4, "is no name of a file beside the network");
  folder.write("in/net.onnx", blur(0, 0, "link.bin"));
  BOOST_TEST(folder.run("ln -s ../outside.bin in/link.bin").status == 0);
  folder.check_refused("in --task image", 4, "a link out of the folder");
  folder.write("in/net.onnx", blur(0, 0, "absent.bin"));
  folder.check_refused("in --task image", 3, "absent.bin");
  BOOST_TEST(folder.run("truncate -s 10G in/absent.bin").status == 0);
  folder.check_refused("in --task image", 7, "absent.bin");
  onnx::Graph circle;
  circle.input("x", 3);
  circle.node("Relu", {"b"}, {}, "a");
  circle.output(circle.node("Relu", {"a"}, {}, "b"));
  folder.write("circle.onnx", circle.bytes());
  BOOST_TEST(folder.run("calotype model add circle.onnx --task image").status != 0);
  BOOST_TEST(folder.left().empty());
  onnx::Graph vast;
  vast.input("x", {1, 3, 2000000000, 2000000000});
  vast.output(vast.node("Relu", {"x"}));
  folder.write("vast.onnx", vast.bytes());
  folder.check_refused("vast.onnx --task image", 4, "input.size");
}

BOOST_AUTO_TEST_CASE(a_disk_that_is_full_leaves_nothing) {
  const ModelFolder folder;
  folder.write("net/weights.bin", blur_weights());
  folder.write("net/a.onnx", blur(0, 0, "weights.bin"));
  const auto failed = folder.run("ulimit -f 1\ncalotype model add net --task image");
  BOOST_TEST(failed.status == 8, failed.err);
  BOOST_TEST(folder.left().empty());
}

BOOST_AUTO_TEST_CASE(a_killed_command_leaves_a_model_or_none) {
  const ModelFolder folder;
  folder.write("a.onnx", doubler());
  for (int milliseconds = 5; milliseconds < 100; milliseconds += 10) {
    folder.run("calotype model add a.onnx --task image & sleep 0.0" + std::to_string(milliseconds) +
               "; kill -9 $!; wait");
    const auto listed = folder.run("calotype model list");
    const bool whole = contains(listed.out, "yours");
    BOOST_TEST(listed.err == "");
    BOOST_TEST(folder.run("calotype model check").status == 0);
    if (whole) folder.run("calotype model remove a");
  }
  // Where it was killed while it wrote, what it left goes with the next one; what is being written stays.
  fs::create_directories(folder.models() + "/.calotype-killed/deep");
  fs::create_directories(folder.models() + "/.calotype-writes");
  const auto added =
      folder.run("exec 9< ../data/calotype/models/.calotype-writes\nflock 9\ncalotype model add a.onnx --task image");
  BOOST_TEST(added.status == 0, added.err);
  Names left = folder.left();
  std::sort(left.begin(), left.end());
  BOOST_TEST(left == Names({".calotype-writes", "a"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(completion_offers_the_actions) {
  const Folder folder;
  const auto completed = folder.run(
      "calotype completion bash > c.bash\n"
      "bash -c '. ./c.bash; COMP_WORDS=(calotype model re); COMP_CWORD=2; _calotype; echo ${COMPREPLY[0]}'");
  BOOST_TEST(completed.out == "remove\n");
}

BOOST_AUTO_TEST_SUITE_END()
