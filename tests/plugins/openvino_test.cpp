// SPDX-License-Identifier: Apache-2.0
// What engine openvino does beyond the others: files that only it reads, in the layouts that they have; and beside
// OpenCV, with which it shares a library of threads.
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numeric>
#include <opencv2/core.hpp>
#include <set>
#include <thread>

#include "networks/onnx_writer.hpp"
#include "support.hpp"

using namespace calotype;

namespace {

std::shared_ptr<Network> load(const std::filesystem::path& file) {
  return Registry::global().engine("openvino")->load(file, {});
}

cv::Mat random_tensor(const std::vector<int>& dims) {
  cv::Mat tensor(dims, CV_32F);
  cv::RNG(7).fill(tensor, cv::RNG::UNIFORM, -1, 1);
  return tensor;
}

/// What networks/small.tflite makes of 1,h,w,3, as make_data.py describes it.
cv::Mat convolved(const cv::Mat& x) {
  const int height = x.size[1], width = x.size[2];
  cv::Mat y(std::vector<int>{1, height, width, 4}, CV_32F);
  for (int i = 0; i < height; ++i)
    for (int j = 0; j < width; ++j)
      for (int o = 0; o < 4; ++o) {
        double sum = o / 8.0;
        for (int k = 0; k < 27; ++k) {
          const int row = i + k / 9 - 1, column = j + k / 3 % 3 - 1;
          const bool inside = row >= 0 && row < height && column >= 0 && column < width;
          if (inside) sum += ((o * 27 + k) % 7 - 3) / 4.0 * x.ptr<float>(0, row)[3 * column + k % 3];
        }
        y.ptr<float>(0, i)[4 * j + o] = static_cast<float>(std::max(sum, 0.0));
      }
  return y;
}

/// A folder with a network in OpenVINO's own format: y = x * (1, 2, 3).
class OwnFormat {
 public:
  OwnFormat() : folder_(std::filesystem::temp_directory_path() / ("calotype_openvino_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
    const float weights[] = {1, 2, 3};
    std::ofstream(folder_ / "net.bin", std::ios::binary).write(reinterpret_cast<const char*>(weights), sizeof weights);
  }
  ~OwnFormat() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::filesystem::path write(const std::string& operation, std::size_t length = std::string::npos) const {
    const std::string xml = R"(<?xml version="1.0"?><net name="small" version="11"><layers>
      <layer id="0" name="x" type="Parameter" version="opset1"><data shape="1,3,?,?" element_type="f32"/>
        <output><port id="0" precision="FP32" names="x"/></output></layer>
      <layer id="1" name="w" type="Const" version="opset1">
        <data element_type="f32" shape="1,3,1,1" offset="0" size="12"/>
        <output><port id="0" precision="FP32"><dim>1</dim><dim>3</dim><dim>1</dim><dim>1</dim></port></output></layer>
      <layer id="2" name="product" type=")" +
                            operation + R"(" version="opset1"><data auto_broadcast="numpy"/>
        <input><port id="0"/><port id="1"/></input><output><port id="2" precision="FP32" names="y"/></output></layer>
      <layer id="3" name="result" type="Result" version="opset1"><input><port id="0"/></input></layer></layers>
      <edges><edge from-layer="0" from-port="0" to-layer="2" to-port="0"/>
        <edge from-layer="1" from-port="0" to-layer="2" to-port="1"/>
        <edge from-layer="2" from-port="2" to-layer="3" to-port="0"/></edges></net>)";
    std::ofstream(folder_ / "net.xml") << xml.substr(0, length);
    return folder_ / "net.xml";
  }
  std::filesystem::path weights() const { return folder_ / "net.bin"; }

 private:
  std::filesystem::path folder_;
};

void expect_unsupported(const std::filesystem::path& file, const std::string& operation, const std::string& node) {
  try {
    load(file);
    BOOST_ERROR("loaded");
  } catch (const Error& e) {
    BOOST_TEST(e.code() == ErrorCode::unsupported);
    BOOST_TEST(std::string(e.what()).find(operation + " of node \"" + node) != std::string::npos, e.what());
  }
}

void run_opencv() {
  std::vector<int> squares(10000);
  cv::parallel_for_(cv::Range(0, 10000), [&](const cv::Range& r) {
    for (int i = r.start; i < r.end; ++i) squares[std::size_t(i)] = i % 100 * (i % 100);
  });
  BOOST_TEST(std::accumulate(squares.begin(), squares.end(), 0) == 328350 * 100);
}

void run_engine() {
  const cv::Mat x = random_tensor({1, 70, 90, 3});
  TensorMap out;
  load(TEST_NETWORKS "/small.tflite")->session()->run({{"x", x}}, out);
  BOOST_TEST(cv::norm(out["y"], convolved(x), cv::NORM_INF) < 1e-5);
}

/// Files of that name that this process has mapped.
std::set<std::string> mapped(const std::string& name) {
  std::ifstream maps("/proc/self/maps");
  std::set<std::string> found;
  for (std::string line; std::getline(maps, line);)
    if (line.find("/" + name) != std::string::npos) found.insert(line.substr(line.find('/')));
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(openvino)

BOOST_AUTO_TEST_CASE(tensorflow_lite_keeps_its_layout) {
  const auto session = load(TEST_NETWORKS "/small.tflite")->session();
  for (const cv::Size size : {cv::Size(9, 5), cv::Size(31, 40), cv::Size(9, 5)}) {
    const cv::Mat x = random_tensor({1, size.height, size.width, 3}), expected = convolved(x);
    TensorMap out;
    session->run({{"x", x}}, out);
    BOOST_REQUIRE((out["y"].size == expected.size));
    BOOST_TEST(cv::norm(out["y"], expected, cv::NORM_INF) < 1e-5);
  }
}

BOOST_AUTO_TEST_CASE(pictures_and_channels_last_are_the_same_in_each_layout) {
  const cv::Mat x = random_tensor({1, 6, 11, 3}), expected = convolved(x);
  const auto session = load(TEST_NETWORKS "/small.tflite")->session();
  TensorMap last{{"y", cv::Mat(std::vector<int>{1, 1, 1}, CV_32F)}};
  session->run({{"x", cv::Mat(std::vector<int>{6, 11, 3}, CV_32F, x.data)}}, last);
  BOOST_REQUIRE_EQUAL(last["y"].dims, 3);
  BOOST_TEST(cv::norm(last["y"], cv::Mat(std::vector<int>{6, 11, 4}, CV_32F, expected.data), cv::NORM_INF) < 1e-5);

  const cv::Mat bgr = picture({11, 6}, 3, CV_8U).pixels;
  cv::Mat rgb(std::vector<int>{1, 6, 11, 3}, CV_32F);
  for (int i = 0; i < 6 * 11 * 3; ++i) rgb.ptr<float>()[i] = bgr.ptr()[i - i % 3 + 2 - i % 3] / 255.f;
  TensorMap out;
  session->run({{"x", bgr}}, out);
  BOOST_TEST(cv::norm(out["y"], convolved(rgb), cv::NORM_INF) < 1e-5);

  const OwnFormat own;  // N,C,H,W; red once, green twice, blue three times
  TensorMap seen{{"y", cv::Mat(6, 11, CV_8UC3)}};
  load(own.write("Multiply"))->session()->run({{"x", bgr}}, seen);
  cv::Mat tripled;
  cv::multiply(bgr, cv::Scalar(3, 2, 1), tripled);
  BOOST_TEST(cv::norm(seen["y"], tripled, cv::NORM_INF) <= 1);
}

BOOST_AUTO_TEST_CASE(paddle_and_its_own_format) {
  const cv::Mat x = random_tensor({1, 3, 5, 8});
  const float sums[] = {0.5, -0.5, 1}, factors[] = {1, 2, 3};
  cv::Mat added = x.clone(), multiplied = x.clone();
  for (int i = 0; i < 3 * 40; ++i) {
    added.ptr<float>()[i] = std::max(0.f, x.ptr<float>()[i] + sums[i / 40]);
    multiplied.ptr<float>()[i] = x.ptr<float>()[i] * factors[i / 40];
  }
  const OwnFormat own;
  TensorMap paddle, xml;
  load(TEST_NETWORKS "/small.pdmodel")->session()->run({{"x", x}}, paddle);
  load(own.write("Multiply"))->session()->run({{"x", x}}, xml);
  BOOST_TEST(cv::norm(paddle["y"], added, cv::NORM_INF) < 1e-6);
  BOOST_TEST(cv::norm(xml["y"], multiplied, cv::NORM_INF) < 1e-6);
}

BOOST_AUTO_TEST_CASE(other_engines_leave_other_formats_to_it) {
  const OwnFormat own;
  const auto folder = own.weights().parent_path();
  std::filesystem::copy_file(TEST_NETWORKS "/small.tflite", folder / "main.tflite");
  std::ofstream(folder / "model.ini") << "[model]\nid=other\n[part]\nmain=main.tflite\n";
  BOOST_TEST(Model::open(folder.string()).network("main", {})->info().engine == "openvino");
}

BOOST_AUTO_TEST_CASE(weights_that_two_products_share) {
  onnx::Graph graph;
  graph.input("x", std::vector<int>{0, 3});
  const std::string weights = graph.constant({3, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8});
  const std::string made = graph.node("MatMul", {"x", weights});
  graph.output(graph.node("Gemm", {made, weights}, {onnx::attribute("transB", 1)}, "y"));
  const OwnFormat own;
  const auto file = own.weights().replace_extension(".onnx");
  write_file(file.string(), graph.bytes(), true);
  const cv::Mat x = random_tensor({5, 3}), matrix(cv::Matx33f(0, 1, 2, 3, 4, 5, 6, 7, 8));
  TensorMap out;
  load(file)->session()->run({{"x", x}}, out);
  BOOST_TEST(cv::norm(out["y"], x * matrix * matrix.t(), cv::NORM_INF) < 1e-3);
}

BOOST_AUTO_TEST_CASE(unknown_operators_are_named_in_every_format) {
  const OwnFormat own;
  expect_unsupported(own.write("Frobnicate"), "Frobnicate", "product");
  expect_unsupported(TEST_NETWORKS "/unknown_operator.tflite", "FAKE_QUANT", "");
}

BOOST_AUTO_TEST_CASE(broken_files_of_every_format) {
  const OwnFormat own;
  for (const std::size_t length : {std::size_t(0), std::size_t(700)})
    BOOST_TEST(code_of([&] { load(own.write("Multiply", length)); }) == ErrorCode::corrupt);
  const auto whole = own.write("Multiply");
  std::filesystem::resize_file(own.weights(), 11);
  BOOST_TEST(code_of([&] { load(whole); }) == ErrorCode::corrupt);
  for (const char* name : {"small.tflite", "small.pdmodel"}) {
    const auto broken = own.weights().parent_path() / name;
    Bytes bytes = read_file(TEST_NETWORKS "/" + std::string(name));
    bytes.resize(bytes.size() / 2);
    write_file(broken.string(), bytes, true);
    BOOST_TEST(code_of([&] { load(broken); }) == ErrorCode::corrupt, name);
    write_file(broken.string(), Bytes(100, 0xFF), true);
    BOOST_TEST(code_of([&] { load(broken); }) == ErrorCode::corrupt, name);
    BOOST_TEST(code_of([&] { load("/no/such/" + std::string(name)); }) == ErrorCode::not_found, name);
  }
}

BOOST_AUTO_TEST_CASE(sessions_with_a_share_of_the_cores) {
  const auto network =
      Registry::global().engine("openvino")->load(TEST_NETWORKS "/small.tflite", {"auto", {"fp32"}, 1});
  std::vector<double> errors(4, 1);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      const auto session = network->session();
      const cv::Mat x = random_tensor({1, 10 + i, 20, 3}), expected = convolved(x);
      TensorMap out;
      for (int n = 0; n < 5; ++n) session->run({{"x", x}}, out);
      errors[std::size_t(i)] = cv::norm(out["y"], expected, cv::NORM_INF);
    });
  for (auto& thread : threads) thread.join();
  for (const double error : errors) BOOST_TEST(error < 1e-5);
}

/// The next two are a process each: what is used first may decide.
BOOST_AUTO_TEST_CASE(opencv_first) {
  run_opencv();
  run_engine();
  run_opencv();
  BOOST_TEST(mapped("libtbb.so").size() <= 1);
}

BOOST_AUTO_TEST_CASE(engine_first) {
  run_engine();
  run_opencv();
  run_engine();
  BOOST_TEST(mapped("libtbb.so").size() <= 1);
}

BOOST_AUTO_TEST_CASE(the_calling_thread_is_left_as_it_was) {
  cpu_set_t before, after;
  BOOST_REQUIRE(sched_getaffinity(0, sizeof before, &before) == 0);
  run_engine();
  BOOST_REQUIRE(sched_getaffinity(0, sizeof after, &after) == 0);
  BOOST_TEST(CPU_EQUAL(&before, &after));
  volatile float tiny = std::numeric_limits<float>::min();
  tiny = tiny / 2;
  BOOST_TEST((tiny > 0));  // and not rounded to zero
}

BOOST_AUTO_TEST_SUITE_END()
