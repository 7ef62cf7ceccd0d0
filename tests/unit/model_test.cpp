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
net_sha256=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
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
  check_contains(manifest_error(with(kManifest, "=ba78", "=ba7")).what(), "net_sha256");
  check_contains(manifest_error(with(kManifest, "net=net.onnx", "")).what(), "\"net\" has no file");
  check_contains(manifest_error(with(kManifest, "table=", "net_uses=tabel\ntable=")).what(), "\"part.net_uses\"");
  check_contains(manifest_error("id=test\n").what(), "unknown key \"id\"");
  manifest_error("[model]\nthis is no line\n");
}

BOOST_AUTO_TEST_CASE(parts_are_verified) {
  const TestModel files;
  const Model m = files.open();
  BOOST_TEST(m.read("net") == bytes_of("abc"));
  BOOST_TEST(m.read("table") == bytes_of("12345"));
  const Error missing = error_of([&] { m.read("nett"); });
  BOOST_TEST((missing.code() == ErrorCode::not_found));
  check_contains(missing.hint(), "net, table");
  for (const std::size_t size : {0u, 55u, 56u, 63u, 64u, 65u, 1000u}) {
    write_file(files.scratch.file("net.onnx"), Bytes(size, 'a'), true);
    const Error e = error_of([&] { m.read("net"); });
    BOOST_TEST((e.code() == ErrorCode::corrupt));
    // From sha256sum.
    const std::map<std::size_t, std::string> sums = {
        {0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
        {56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
        {63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
        {64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
        {65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"},
        {1000, "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"}};
    check_contains(e.what(), "got " + sums.at(size));
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
  const std::string sum = "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5";  // of "12345"
  const std::string manifest = with(kManifest, "table=", "net_uses=table\ntable_sha256=" + sum + "\ntable=");
  const TestModel sound(manifest), changed(manifest);
  BOOST_TEST((sound.open().network("net", {}) != nullptr));
  write_file(changed.scratch.file("table.bin"), bytes_of("12346"), true);
  const Error e = error_of([&] { changed.open().network("net", {}); });
  BOOST_TEST((e.code() == ErrorCode::corrupt));
  check_contains(e.what(), "table.bin");
}

BOOST_AUTO_TEST_CASE(engine_parameters) {
  const EngineChoice c = engine_choice(Params::validated(engine_params(), {{"threads", "3"}}, "x"));
  BOOST_TEST(c.engine == "auto");
  BOOST_TEST(c.threads == 3);
  BOOST_CHECK_THROW(Params::validated(engine_params(), {{"precision", "int4"}}, "x"), Error);
}

BOOST_AUTO_TEST_SUITE_END()
