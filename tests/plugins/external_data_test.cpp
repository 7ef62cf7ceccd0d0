// SPDX-License-Identifier: Apache-2.0
// Weights that lie in another file of the model's folder: every engine finds them, and none looks anywhere else.
#include <unistd.h>

#include <filesystem>
#include <opencv2/core.hpp>
#include <set>

#include "network/graph.hpp"
#include "networks/onnx_writer.hpp"
#include "support.hpp"

using namespace calotype;

namespace {

namespace fs = std::filesystem;
using onnx::field;

/// A folder `model` and, beside it, a file that no model in it may read.
class Folders {
 public:
  Folders() : root_(fs::temp_directory_path() / ("calotype_external_data_" + std::to_string(::getpid()))) {
    fs::create_directories(root_ / "model/below");
    const Bytes weights = {9, 9, 9, 9, 0, 0, 128, 63, 0, 0, 0, 64};  // 1 and 2 from byte 4 on
    for (const char* place : {"outside.bin", "model/weights.bin", "model/below/weights.bin"})
      write_file((root_ / place).string(), weights, true);
    write_file((root_ / "model/empty.bin").string(), {}, true);
  }
  ~Folders() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }
  fs::path write(const std::string& onnx) const {
    const fs::path file = root_ / "model/net.onnx";
    write_file(file.string(), Bytes(onnx.begin(), onnx.end()), true);
    return file;
  }
  std::string outside() const { return (root_ / "outside.bin").string(); }

 private:
  fs::path root_;
};

const std::string elsewhere = field(14, 1);                             // a tensor's data_location
const std::string in_32_bits = field(14, (std::int64_t(1) << 32) + 1);  // as a parser takes it

std::string place(const std::string& location, const std::string& offset, const std::string& length) {
  std::string entries;
  for (const auto& [key, value] : {std::pair{"location", location}, {"offset", offset}, {"length", length}})
    if (!value.empty()) entries += field(13, field(1, key) + field(2, value));
  return entries;
}

/// Two floats, one for a channel, but for where they are.
std::string two_floats() {
  std::string tensor;
  for (const int side : {1, 2, 1, 1}) tensor += field(1, side);
  return tensor + field(2, 1) + field(8, "w");  // data_type, name
}

/// y = x * w, w being what these fields of a graph say.
std::string network_of(const std::string& fields) {
  const std::string node = field(1, "x") + field(1, "w") + field(2, "y") + field(4, "Mul");
  const std::string free = field(1, field(2, "side")),
                    shape = field(1, field(1, 1)) + field(1, field(1, 2)) + free + free;
  const std::string floats = field(2, field(1, field(1, 1) + field(2, shape)));
  return field(1, 8) + field(8, field(2, 13)) +  // versions: of the format, of the operators
         field(7, fields + field(1, node) + field(11, field(1, "x") + floats) + field(12, field(1, "y") + floats));
}

/// The same, w being two floats at this place.
std::string network_with(const std::string& location, const std::string& offset, const std::string& length) {
  return network_of(field(5, two_floats() + elsewhere + place(location, offset, length)));
}

/// w is what a node makes of an attribute with these fields.
std::string network_with_constant(const std::string& fields) {
  const std::string value = field(1, "value") + fields + field(20, 4);  // a tensor
  return network_of(field(1, field(2, "w") + field(4, "Constant") + field(5, value)));
}

/// Checks that every engine refuses a network, with one of these codes.
void expect_refused(const fs::path& file, const std::set<ErrorCode>& codes) {
  int tested = 0;
  for (const std::string& name : names(Kind::engine)) {
    const auto engine = Registry::global().engine(name);
    if (engine->devices().empty()) continue;
    BOOST_TEST_CONTEXT(name) BOOST_TEST(codes.count(code_of([&] { engine->load(file, {}); })) == 1);
    ++tested;
  }
  BOOST_TEST(tested > 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(external_data)

BOOST_AUTO_TEST_CASE(engines_compute_the_same_as_with_weights_of_its_own) {
  for (const std::string& name : names(Kind::engine)) {
    const auto engine = Registry::global().engine(name);
    if (engine->devices().empty()) continue;
    const int shape[] = {1, 3, 9, 14};
    cv::Mat input(4, shape, CV_32F);
    cv::RNG(1).fill(input, cv::RNG::UNIFORM, -1, 1);
    TensorMap expected, got;
    engine->load(TEST_DATA "/small.onnx", {})->session()->run({{"x", input}}, expected);
    engine->load(TEST_DATA "/external.onnx", {})->session()->run({{"x", input}}, got);
    for (const auto& [output, values] : expected)
      BOOST_TEST(cv::norm(got[output], values, cv::NORM_INF) == 0, name << " " << output);
  }
}

BOOST_AUTO_TEST_CASE(values_are_read_from_their_place) {
  const Folders folders;
  const auto file = folders.write(network_with("weights.bin", "4", "8"));
  for (const std::string& name : names(Kind::engine)) {
    const auto engine = Registry::global().engine(name);
    if (engine->devices().empty()) continue;
    const int shape[] = {1, 2, 1, 3};
    TensorMap out;
    engine->load(file, {})->session()->run({{"x", cv::Mat(4, shape, CV_32F, cv::Scalar(1))}}, out);
    BOOST_TEST(cv::norm(out["y"].reshape(1, 2), cv::Mat(cv::Matx23f(1, 1, 1, 2, 2, 2)), cv::NORM_INF) == 0, name);
  }
  const std::vector<float> right = {1, 2};
  for (const char* length : {"8", ""}) {
    const auto graph = network::read_onnx(folders.write(network_with("weights.bin", "4", length)));
    BOOST_TEST(graph.constants.at("w").floats() == right, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(files_elsewhere_are_refused) {
  const Folders folders;
  for (const std::string& location : {std::string(), std::string("."), std::string(".."), std::string("../outside.bin"),
                                      std::string("below/weights.bin"), folders.outside()})
    BOOST_TEST_CONTEXT(location) expect_refused(folders.write(network_with(location, "4", "8")), {ErrorCode::corrupt});
}

/// Which readers of others might find.
BOOST_AUTO_TEST_CASE(files_elsewhere_are_refused_wherever_they_are_named) {
  const Folders folders;
  const std::string below = place("below/weights.bin", "4", "8");
  const std::string branch = field(5, field(1, "then_branch") + field(6, field(5, two_floats() + elsewhere + below)));
  for (const std::string& network : {
           network_with_constant(field(5, two_floats() + elsewhere + below)),
           network_with_constant(field(5, two_floats() + elsewhere) + field(5, below)),  // which a parser joins
           network_with_constant(field(5, two_floats() + in_32_bits + below)),
           network_of(field(5, two_floats() + in_32_bits + below)),
           network_of(field(1, field(2, "w") + field(4, "If") + branch)),
       })
    expect_refused(folders.write(network), {ErrorCode::corrupt, ErrorCode::unsupported});
}

BOOST_AUTO_TEST_CASE(a_missing_or_empty_file) {
  const Folders folders;
  expect_refused(folders.write(network_with("gone.bin", "4", "8")), {ErrorCode::not_found});
  expect_refused(folders.write(network_with("empty.bin", "0", "8")), {ErrorCode::corrupt});
}

BOOST_AUTO_TEST_CASE(places_outside_of_the_file_or_of_the_wrong_length) {
  const Folders folders;
  const std::string most = "18446744073709551615";
  const std::vector<std::pair<std::string, std::string>> places = {
      {"5", "8"},  {"12", "8"}, {"13", "8"}, {most, "8"}, {most + "0", "8"}, {"-1", "8"}, {"4 ", "8"}, {"four", "8"},
      {"4", most}, {"4", "9"},  {"4", "7"},  {"4", "4"},  {"4", "0"},        {"5", ""},   {"4", "-8"}};
  for (const auto& [offset, length] : places) BOOST_TEST_CONTEXT(offset << " + " << length)
  expect_refused(folders.write(network_with("weights.bin", offset, length)), {ErrorCode::corrupt});
}

BOOST_AUTO_TEST_SUITE_END()
