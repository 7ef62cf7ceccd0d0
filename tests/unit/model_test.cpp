// SPDX-License-Identifier: Apache-2.0
#include "calotype/model.hpp"

#include <algorithm>
#include <filesystem>
#include <opencv2/core.hpp>

#include "calotype/io.hpp"
#include "calotype/log.hpp"
#include "support.hpp"

using namespace calotype;

namespace {

const std::string kManifest = R"([model]
id=test
task=compression
version=3
license=Apache-2.0
source=nowhere at all
[part]
net=net.onnx
net_xxh128=06b05ab6733a618578af5f94892f3950
table=table.bin
[tile]
size=512   # a comment
halo=32
multiple=16
[engine]
precision=fp32,bf16
[codec]
rates=4
)";

/// A model directory on the model path; its network is the three bytes "abc".
struct TestModel {
  explicit TestModel(const std::string& manifest = kManifest) {
    write_file(scratch.file("model.ini"), bytes_of(manifest));
    write_file(scratch.file("net.onnx"), bytes_of("abc"));
    write_file(scratch.file("table.bin"), bytes_of("12345"));
  }
  Model open() const { return Model::open(scratch.file("")); }
  ScratchDirectory scratch;
};

Bytes bytes_of(const FileView& file) { return {file.data(), file.data() + file.size()}; }

Error manifest_error(const std::string& manifest) {
  const TestModel files(manifest);
  const Error e = error_of([&] { files.open(); });
  BOOST_TEST((e.code() == ErrorCode::corrupt));
  check_contains(e.what(), files.scratch.file("model.ini"));
  BOOST_TEST(!e.hint().empty());
  return e;
}

std::string with(std::string manifest, const std::string& from, const std::string& to) {
  return manifest.replace(manifest.find(from), from.size(), to);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(model)

BOOST_AUTO_TEST_CASE(manifest_is_read) {
  const TestModel files;
  const Manifest m = files.open().manifest();
  BOOST_TEST(m.id == "test");
  BOOST_TEST(m.source == "nowhere at all");
  BOOST_TEST(m.tile.size == 512);
  BOOST_TEST(m.tile.halo == 32);
  BOOST_TEST(m.tile.multiple == 16);
  BOOST_TEST(m.precisions == (std::vector<std::string>{"fp32", "bf16"}), boost::test_tools::per_element());
  BOOST_TEST(m.extra.at("codec.rates") == "4");
  BOOST_TEST(m.parts.at("table").file.filename() == "table.bin");
}

BOOST_AUTO_TEST_CASE(manifest_errors_name_file_and_key) {
  check_contains(manifest_error(with(kManifest, "halo=", "hallo=")).full_text(),
                 "unknown key \"tile.hallo\"; did you mean \"tile.halo\"?");
  check_contains(manifest_error(with(kManifest, "id=test", "")).what(), "\"model.id\" is missing");
  check_contains(manifest_error(with(kManifest, "=512", "=five")).full_text(), "\"tile.size\" is \"five\"");
  check_contains(manifest_error(with(kManifest, "=512", "=0")).hint(), "1..65536");
  check_contains(manifest_error(with(kManifest, "halo=32", "halo=33")).what(), "tile.multiple");
  check_contains(manifest_error(with(kManifest, "fp32,bf16", "fp32,int8")).what(), "int8");
  check_contains(manifest_error(with(kManifest, "table.bin", "../table.bin")).hint(), "beside model.ini");
  check_contains(manifest_error(with(kManifest, "=06b0", "=06b")).what(), "net_xxh128");
  check_contains(manifest_error(with(kManifest, "net_xxh128", "net_sha256")).hint(), "net_xxh128=");
  check_contains(manifest_error(with(kManifest, "net=net.onnx", "")).what(), "\"net\" has no file");
  check_contains(manifest_error(with(kManifest, "table=", "net_uses=tabel\ntable=")).what(), "\"part.net_uses\"");
  check_contains(manifest_error(with(kManifest, "task=compression", "task=codec")).full_text(), "add table_xxh128=");
  check_contains(manifest_error("id=test\n").what(), "unknown key \"id\"");
  manifest_error("[model]\nthis is no line\n");
}

const std::string kNetwork = R"([model]
id=cats
task=classify
[part]
network=net.onnx
[input]
name=image:0
size=320x240
fit=crop
channels=bgr
layout=nhwc
range=-1..1
mean=0.5,0.25,0
std=2
[output]
logits=scores
[tile]
memory=12.5
)";

BOOST_AUTO_TEST_CASE(networks_of_others_are_described) {
  const TestModel files(kNetwork);
  const Manifest m = files.open().manifest();
  BOOST_TEST(m.input.name == "image:0");
  BOOST_TEST(m.input.size == cv::Size(320, 240));
  BOOST_TEST((m.input.fit == InputSpec::Fit::crop));
  BOOST_TEST((m.input.channels == InputSpec::Channels::bgr));
  BOOST_TEST(m.input.channels_last);
  BOOST_TEST(m.input.range.black == -1);
  BOOST_TEST(m.input.range.white == 1);
  BOOST_TEST(m.input.mean[1] == 0.25);
  BOOST_TEST(m.input.deviation[2] == 2);
  BOOST_TEST(m.outputs.at("logits") == "scores");
  BOOST_TEST(m.tile_memory == 12.5);
  const TestModel others(
      with(with(with(kNetwork, "task=classify", "task=image"), "logits=scores", "picture=y\nscale=4\nrange=0..255"),
           "size=320x240", "size=free"));
  BOOST_TEST(others.open().manifest().scale == 4);
  BOOST_TEST(others.open().manifest().output_range.white == 255);
  BOOST_TEST(others.open().manifest().input.is_free());
}

BOOST_AUTO_TEST_CASE(what_a_network_of_others_lacks_is_said) {
  const auto error = [](const std::string& from, const std::string& to) {
    return manifest_error(with(kNetwork, from, to));
  };
  check_contains(error("network=", "net=").full_text(), "\"part.network\" is missing; add network=FILE under [part]");
  check_contains(error("name=image:0", "").what(), "\"input.name\" is missing");
  check_contains(error("logits=scores", "").full_text(), "add logits= or probabilities=");
  check_contains(error("logits=scores", "picture=y").hint(), "logits or probabilities");
  check_contains(error("logits=scores", "logit=y").hint(), "logits");
  check_contains(error("logits=scores", "logits=").what(), "\"output.logits\" is empty");
  check_contains(error("task=classify", "task=detect").what(), "\"output.boxes\" is missing");
  check_contains(error("size=320x240", "size=320").hint(), "free, or WIDTHxHEIGHT");
  check_contains(error("size=320x240", "size=320x0").what(), "\"input.size\"");
  check_contains(error("size=320x240", "size=65536x65536").hint(), "64 megapixels");
  check_contains(error("fit=crop", "fit=squeeze").hint(), "stretch, letterbox, crop");
  check_contains(error("channels=bgr", "channels=yuv").hint(), "rgb, bgr, grey");
  check_contains(error("layout=nhwc", "layout=chw").hint(), "nchw, nhwc");
  for (const char* range : {"range=1..1", "range=0", "range=0..1..2", "range=0..x", "range=0..inf"})
    check_contains(error("range=-1..1", range).what(), "\"input.range\"");
  check_contains(error("mean=0.5,0.25,0", "mean=1,2").hint(), "one number for all channels, or three");
  check_contains(error("std=2", "std=0").hint(), "above 0");
  check_contains(error("std=2", "std=nan").what(), "\"input.std\"");
  check_contains(error("memory=12.5", "memory=-1").what(), "\"tile.memory\"");
  check_contains(error("[output]", "[output]\nscale=5").hint(), "1..4");
  const std::string picture = with(with(kNetwork, "task=classify", "task=image"), "logits=scores", "picture=y");
  check_contains(manifest_error(with(picture, "size=320x240", "size=128x300")).what(), "\"tile.halo\"");
}

BOOST_AUTO_TEST_CASE(models_of_the_user_have_a_place) {
  const ScratchDirectory place;
  setenv("XDG_DATA_HOME", place.file("").c_str(), 1);
  std::filesystem::create_directories(place.file("calotype/models/own"));
  std::filesystem::create_directories(place.file("calotype/models/.half"));
  write_file(place.file("calotype/models/own/model.ini"), bytes_of("[model]\nid=own\n"));
  write_file(place.file("calotype/models/.half/model.ini"), bytes_of("[model]\nid=half\n"));
  BOOST_TEST(Model::open("own").manifest().id == "own");
  const std::vector<std::string> ids = Model::list();
  BOOST_TEST(std::count(ids.begin(), ids.end(), "own") == 1);
  BOOST_TEST(std::count(ids.begin(), ids.end(), ".half") == 0);
  setenv("XDG_DATA_HOME", "relative", 1);
  setenv("HOME", place.file("home").c_str(), 1);
  BOOST_TEST(user_models().string() == place.file("home/.local/share/calotype/models"));
  setenv("HOME", "", 1);
  BOOST_TEST(user_models().empty());
  unsetenv("XDG_DATA_HOME");
}

BOOST_AUTO_TEST_CASE(parts_are_verified) {
  const TestModel files;
  const Model m = files.open();
  BOOST_TEST(bytes_of(m.read("net")) == bytes_of("abc"));
  BOOST_TEST(bytes_of(m.read("table")) == bytes_of("12345"));
  const Error missing = error_of([&] { m.read("nett"); });
  BOOST_TEST((missing.code() == ErrorCode::not_found));
  check_contains(missing.hint(), "net, table");
  // From xxhsum -H128.
  const std::map<std::size_t, std::string> sums = {{0, "99aa06d3014798d86001c324468d497f"},
                                                   {16, "ff9f5054066830d0245750ddc4828d15"},
                                                   {240, "0163721cdafde206ea57d24533760a39"},
                                                   {1000, "b01da365eddaa29cb3e7af627147db7c"}};
  for (const auto& [size, sum] : sums) {
    write_file(files.scratch.file("net.onnx"), Bytes(size, 'a'), true);
    const Error e = error_of([&] { m.read("net"); });
    BOOST_TEST((e.code() == ErrorCode::corrupt));
    check_contains(e.what(), "got " + sum);
  }
}

BOOST_AUTO_TEST_CASE(models_are_found_by_id) {
  const ScratchDirectory place;
  std::filesystem::create_directory(place.file("mine"));
  write_file(place.file("mine/model.ini"), bytes_of("[model]\nid=mine\n"));
  Model::add_path(place.file(""));
  BOOST_TEST(Model::open("mine").manifest().id == "mine");
  const std::vector<std::string> ids = Model::list();
  BOOST_TEST((std::find(ids.begin(), ids.end(), "mine") != ids.end()));
  const Error e = error_of([] { Model::open("mein"); });
  BOOST_TEST((e.code() == ErrorCode::not_found));
  BOOST_CHECK_THROW(Model::open(""), Error);
  BOOST_CHECK_THROW(Model::open("./mine"), Error);
}

BOOST_AUTO_TEST_CASE(auto_passes_over_engines_that_cannot) {
  const TestModel files;
  std::vector<std::string> lines;
  set_log_sink([&](LogLevel, const std::string& line) { lines.push_back(line); });
  const auto network = files.open().network("net", {});
  set_log_sink({});
  BOOST_TEST(network->info().engine == "echo");
  BOOST_REQUIRE(!lines.empty());
  BOOST_TEST(lines.back() == "engine absent: there is no such device; using echo");
  BOOST_TEST((files.open().network("net", {}) == network));
  EngineChoice bf16;
  bf16.precision = "bf16";
  BOOST_TEST((files.open().network("net", bf16) != network));
  BOOST_TEST(networks_in_use().size() == 1u);

  TensorMap out;
  const cv::Mat x(1, 1, CV_32F, cv::Scalar(5));
  network->session()->run({{"x", x}}, out);
  BOOST_TEST(out.at("y").at<float>(0) == 5);
}

BOOST_AUTO_TEST_CASE(missing_hardware_is_mentioned_where_a_device_was_asked_for) {
  std::vector<std::string> lines;
  set_log_sink([&](LogLevel level, const std::string& line) {
    if (level != LogLevel::debug) lines.push_back(line);
  });
  const auto mentioned = [&](const std::string& device) {
    lines.clear();
    const TestModel files;
    EngineChoice choice;
    choice.device = device;
    files.open().network("net", choice);
    return std::any_of(lines.begin(), lines.end(),
                       [](const std::string& line) { return line.find("engine deviceless") == 0; });
  };
  const bool without = mentioned("auto"), with = mentioned("gpu:0");
  set_log_sink({});
  BOOST_TEST(!without);
  BOOST_TEST(with);
}

BOOST_AUTO_TEST_CASE(a_named_engine_never_falls_back) {
  const TestModel files;
  EngineChoice choice;
  choice.engine = "absent";
  BOOST_TEST((error_of([&] { files.open().network("net", choice); }).code() == ErrorCode::engine));
  choice.engine = "ecko";
  const Error e = error_of([&] { files.open().network("net", choice); });
  BOOST_TEST((e.code() == ErrorCode::not_found));
  check_contains(e.hint(), "did you mean \"echo\"");
  choice.engine = "auto";
  choice.precision = "fp16";
  const Error precision = error_of([&] { files.open().network("net", choice); });
  BOOST_TEST((precision.code() == ErrorCode::unsupported));
  check_contains(precision.hint(), "fp32, bf16");
}

BOOST_AUTO_TEST_CASE(a_changed_network_is_not_loaded) {
  const TestModel files;
  write_file(files.scratch.file("net.onnx"), bytes_of("abd"), true);
  BOOST_TEST((error_of([&] { files.open().network("net", {}); }).code() == ErrorCode::corrupt));
}

BOOST_AUTO_TEST_CASE(a_network_is_not_loaded_when_the_part_that_it_uses_has_changed) {
  const std::string sum = "4af3da69f61e14cf26f4c14b6b6bfdb4";  // of "12345"
  const std::string manifest = with(kManifest, "table=", "net_uses=table\ntable_xxh128=" + sum + "\ntable=");
  const TestModel sound(manifest), changed(manifest);
  BOOST_TEST((sound.open().network("net", {}) != nullptr));
  write_file(changed.scratch.file("table.bin"), bytes_of("12346"), true);
  const Error e = error_of([&] { changed.open().network("net", {}); });
  BOOST_TEST((e.code() == ErrorCode::corrupt));
  check_contains(e.what(), "table.bin");
}

BOOST_AUTO_TEST_CASE(a_network_is_known_by_its_file_not_by_its_name) {
  const TestModel files;
  const auto network = files.open().network("net", {});
  std::filesystem::create_directory_symlink(files.scratch.file(""), files.scratch.file("link"));
  BOOST_TEST((Model::open(files.scratch.file("link")).network("net", {}) == network));
}

BOOST_AUTO_TEST_CASE(a_replaced_network_is_loaded) {
  for (const bool with_checksum : {true, false}) {
    const TestModel files(with_checksum ? kManifest
                                        : with(kManifest, "net_xxh128=06b05ab6733a618578af5f94892f3950", ""));
    const auto old = files.open().network("net", {});
    write_file(files.scratch.file("net.onnx"), bytes_of("12345"), true);
    if (with_checksum)
      write_file(files.scratch.file("model.ini"),
                 bytes_of(with(kManifest, "06b05ab6733a618578af5f94892f3950", "4af3da69f61e14cf26f4c14b6b6bfdb4")),
                 true);
    BOOST_TEST((files.open().network("net", {}) != old));
  }
}

BOOST_AUTO_TEST_CASE(few_networks_are_kept_that_nobody_uses) {
  const TestModel files;
  const auto choice = [](int threads) { return EngineChoice{"echo", "auto", "auto", threads}; };
  const auto held = files.open().network("net", choice(1));
  std::weak_ptr<Network> in_session = files.open().network("net", choice(2));
  const auto session = in_session.lock()->session();
  std::weak_ptr<Network> unused = files.open().network("net", choice(3)), last;
  for (int threads = 4; threads < 100; ++threads) last = files.open().network("net", choice(threads));
  BOOST_TEST(unused.expired());
  BOOST_TEST(!last.expired());
  BOOST_TEST((files.open().network("net", choice(1)) == held));
  BOOST_TEST((files.open().network("net", choice(2)) == in_session.lock()));
}

BOOST_AUTO_TEST_CASE(engine_parameters) {
  const EngineChoice c = engine_choice(Params::validated(engine_params(), {{"threads", "3"}}, "x"));
  BOOST_TEST(c.engine == "auto");
  BOOST_TEST(c.threads == 3);
  BOOST_CHECK_THROW(Params::validated(engine_params(), {{"precision", "int4"}}, "x"), Error);
}

BOOST_AUTO_TEST_SUITE_END()
