// SPDX-License-Identifier: Apache-2.0
// engine_cudnn on a device. Exits with 77, which CTest shows as skipped, where there is none.
#define BOOST_TEST_MODULE gpu
#define BOOST_TEST_NO_MAIN
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <iostream>
#include <opencv2/core.hpp>
#include <thread>

#include "calotype/error.hpp"
#include "calotype/registry.hpp"
#include "cases.hpp"
#include "engine_cudnn/engine.hpp"
#include "engine_cudnn/session.hpp"
#include "random_program.hpp"
#include "reference.hpp"

using namespace calotype;
using network::Program;
using network::Shape;

namespace {

cv::Mat to_mat(const Tensor& tensor) {
  cv::Mat mat(4, tensor.shape.data(), CV_32F);
  std::copy(tensor.values.begin(), tensor.values.end(), mat.ptr<float>());
  return mat;
}

cv::Mat random_mat(const Shape& shape, unsigned seed) { return to_mat(random_tensor(shape, seed)); }

template <class T>
std::unique_ptr<Session> session_of(const Program& program) {
  return std::make_shared<cudnn::CudnnNetwork<T>>(program, 0)->session();
}

/// The first run picks algorithms, the second is captured, the third launches the graph.
constexpr int kRuns = 3;

template <class T>
void check_case(const Case& c, double tolerance) {
  std::vector<Tensor> inputs;
  TensorMap in;
  for (const Shape& shape : c.inputs) {
    inputs.push_back(random_tensor(shape, static_cast<unsigned>(inputs.size())));
    in[c.program.inputs[inputs.size() - 1].first] = to_mat(inputs.back());
  }
  const auto expected = run_reference(c.program, inputs);
  const Tensor& right = expected[static_cast<std::size_t>(c.program.outputs[0].second)];
  const auto session = session_of<T>(c.program);
  cv::Mat first;
  for (int run = 0; run < kRuns; ++run) {
    TensorMap out;
    session->run(in, out);
    const cv::Mat y = out.at("y");
    BOOST_REQUIRE(y.total() == right.values.size());
    int wrong = 0;
    for (std::size_t i = 0; i < right.values.size(); ++i)
      if (!(std::abs(y.ptr<float>()[i] - right.values[i]) < tolerance * (1 + std::abs(right.values[i])))) ++wrong;
    BOOST_TEST(wrong == 0);
    if (run == 0) first = y;
    BOOST_TEST(cv::norm(y, first, cv::NORM_INF) == 0);
  }
}

const std::string models = MODELS;

double largest(const cv::Mat& mat) { return cv::norm(mat, cv::NORM_INF); }

}  // namespace

BOOST_AUTO_TEST_CASE(every_step_is_right_in_every_precision) {
  for (const Case& c : all_cases()) BOOST_TEST_CONTEXT(c.name) {
      BOOST_TEST_CONTEXT("fp32") check_case<float>(c, 1e-4);
      BOOST_TEST_CONTEXT("fp16") check_case<__half>(c, 2e-2);
      // Turing has no bf16 but in name.
      if (CudnnEngine().devices()[0].description.find("capability 7") == std::string::npos)
        BOOST_TEST_CONTEXT("bf16") check_case<__nv_bfloat16>(c, 1e-1);
    }
}

BOOST_AUTO_TEST_CASE(random_programs_are_right) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    const Case c = random_program(seed);
    BOOST_TEST_CONTEXT(c.name) check_case<float>(c, 1e-3);
  }
}

BOOST_AUTO_TEST_CASE(sizes_may_alternate) {
  const auto session = session_of<float>(colour_matrix());
  // Memory grows, and moves, under graphs that were captured before.
  for (const int side : {4, 4, 4, 40, 4, 40, 40, 400, 4, 40, 400, 7, 400, 4}) {
    const Tensor input = random_tensor({1, 3, side, side + 1}, static_cast<unsigned>(side));
    TensorMap out;
    session->run({{"x0", to_mat(input)}}, out);
    BOOST_TEST(cv::norm(out.at("y"), to_mat(run_reference(colour_matrix(), {input})[1]), cv::NORM_INF) < 1e-5);
  }
}

BOOST_AUTO_TEST_CASE(a_batch_is_its_pictures) {
  const auto session = session_of<__half>(colour_matrix());
  const cv::Mat batch = random_mat({16, 3, 20, 30}, 3);
  TensorMap all;
  session->run({{"x0", batch}}, all);
  for (int n = 0; n < 16; ++n) {
    const std::vector<cv::Range> range = {{n, n + 1}, cv::Range::all(), cv::Range::all(), cv::Range::all()};
    TensorMap one;
    session->run({{"x0", batch(range).clone()}}, one);
    BOOST_TEST(cv::norm(one.at("y"), all.at("y")(range).clone(), cv::NORM_INF) < 1e-2);
  }
}

BOOST_AUTO_TEST_CASE(pictures_are_tensors) {
  const auto session = session_of<float>(colour_matrix());
  for (const int type : {CV_8UC1, CV_8UC3, CV_16UC1, CV_16UC3}) BOOST_TEST_CONTEXT(cv::typeToString(type))
  for (int run = 0; run < kRuns; ++run) {
    cv::Mat whole(21, 34, type);
    cv::randu(whole, 0, CV_MAT_DEPTH(type) == CV_8U ? 256 : 65536);
    const cv::Mat picture = whole(cv::Rect(1, 2, 30, 17));  // its rows are not one block
    const double white = CV_MAT_DEPTH(type) == CV_8U ? 255 : 65535;
    Tensor tensor({1, 3, 17, 30});
    cv::Mat scaled;
    picture.convertTo(scaled, CV_64F, 1 / white);
    const int channels = picture.channels();
    for (int y = 0; y < 17; ++y)
      for (int x = 0; x < 30; ++x)
        for (int c = 0; c < 3; ++c)
          tensor.at(0, c, y, x) = scaled.ptr<double>(y)[x * channels + (channels == 3 ? 2 - c : 0)];
    const Tensor right = run_reference(colour_matrix(), {tensor})[1];
    TensorMap out;
    out["y"] = cv::Mat(17, 30, type);
    session->run({{"x0", picture}}, out);
    BOOST_REQUIRE(out["y"].type() == type);
    out["y"].convertTo(scaled, CV_64F);
    int wrong = 0;
    for (int y = 0; y < 17; ++y)
      for (int x = 0; x < 30; ++x) {
        double rgb[3], mean = 0;
        for (int c = 0; c < 3; ++c) mean += (rgb[c] = right.at(0, c, y, x)) / 3;
        for (int k = 0; k < channels; ++k) {
          const double value = std::min(std::max(channels == 3 ? rgb[2 - k] : mean, 0.), 1.) * white;
          if (!(std::abs(scaled.ptr<double>(y)[x * channels + k] - value) < 0.51)) ++wrong;
        }
      }
    BOOST_TEST(wrong == 0);
  }
}

BOOST_AUTO_TEST_CASE(pictures_that_do_not_fit_are_refused) {
  const auto session = session_of<float>(colour_matrix());
  TensorMap out;
  out["y"] = cv::Mat(5, 5, CV_8UC3);
  BOOST_CHECK_THROW(session->run({{"x0", random_mat({1, 3, 4, 4}, 1)}}, out), Error);
  out["y"] = cv::Mat(4, 4, CV_8UC3);
  BOOST_CHECK_THROW(session->run({{"x0", random_mat({2, 3, 4, 4}, 1)}}, out), Error);
  session->run({{"x0", random_mat({1, 3, 4, 4}, 1)}}, out);  // and nothing is broken
}

BOOST_AUTO_TEST_CASE(the_codecs_networks_as_another_engine_runs_them) {
  const std::pair<const char*, Shape> networks[] = {{"analysis", {1, 3, 128, 192}},
                                                    {"hyper_analysis", {1, 1024, 8, 12}},
                                                    {"hyper_mean", {1, 96, 2, 3}},
                                                    {"context_1", {1, 1024, 8, 12}},
                                                    {"synthesis", {1, 512, 8, 12}}};
  const std::pair<const char*, double> precisions[] = {{"fp32", 1e-4}, {"fp16", 2e-2}, {"bf16", 1e-1}};
  for (const auto& [name, shape] : networks) {
    const std::string file = models + "/latent/" + name + ".onnx";
    const cv::Mat x = random_mat(shape, 5);
    TensorMap right;
    Registry::global().engine("opencv")->load(file, {"cpu", {"fp32"}, 0})->session()->run({{"x", x}}, right);
    for (const auto& [precision, tolerance] : precisions) BOOST_TEST_CONTEXT(name << " in " << precision) {
        CudnnEngine engine;
        std::shared_ptr<Network> network;
        try {
          network = engine.load(file, {"cuda:0", {precision}, 0});
        } catch (const Error& e) {
          BOOST_TEST((e.code() == ErrorCode::unsupported && precision == std::string("bf16")));
          continue;
        }
        BOOST_TEST(network->info().precision == precision);
        const auto session = network->session();
        for (int run = 0; run < kRuns; ++run) {
          TensorMap out;
          session->run({{"x", x}}, out);
          const double error = cv::norm(out.at("y"), right.at("y"), cv::NORM_INF) / largest(right.at("y"));
          BOOST_TEST(error < tolerance);
        }
      }
  }
}

BOOST_AUTO_TEST_CASE(sessions_run_and_are_captured_side_by_side) {
  const auto shared = std::make_shared<cudnn::CudnnNetwork<float>>(colour_matrix(), 0);
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < wrong.size(); ++i)
    threads.emplace_back([&, i] {
      const auto session = shared->session();
      for (int run = 0; run < 50; ++run) {
        const Tensor input = random_tensor({1, 3, 10 + run / 5, 12}, static_cast<unsigned>(i + 1));
        TensorMap out;
        session->run({{"x0", to_mat(input)}}, out);
        const cv::Mat right = to_mat(run_reference(colour_matrix(), {input})[1]);
        if (!(cv::norm(out.at("y"), right, cv::NORM_INF) < 1e-5)) ++wrong[i];
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const int count : wrong) BOOST_TEST(count == 0);
}

BOOST_AUTO_TEST_CASE(the_programs_own_errors_and_device_are_left_to_it) {
  int before = -1, after = -1;
  cudaGetDevice(&before);
  BOOST_TEST(cudaSetDevice(1 << 20) != cudaSuccess);  // leaves an error that is none of a run's
  const auto session = session_of<float>(colour_matrix());
  for (int run = 0; run < kRuns; ++run) {
    TensorMap out;
    session->run({{"x0", random_mat({1, 3, 4, 4}, 1)}}, out);
  }
  cudaGetDevice(&after);
  BOOST_TEST(after == before);
}

int main(int argc, char** argv) {
  const CudnnEngine engine;
  if (engine.devices().empty()) {
    std::cerr << "skipped: no device. " << engine.version() << '\n';
    return 77;
  }
  return boost::unit_test::unit_test_main(&init_unit_test, argc, argv);
}
