// SPDX-License-Identifier: Apache-2.0
// Layouts, index arithmetic and kernels of engine_cudnn, on the processor.
#include <boost/test/unit_test.hpp>
#include <opencv2/core.hpp>

#include "calotype/error.hpp"
#include "calotype/registry.hpp"
#include "cases.hpp"
#include "host_device.hpp"

using namespace calotype;
using namespace calotype::network;

namespace {

template <class T>
void compare(const Program& program, const std::vector<Tensor>& inputs, bool library, double tolerance) {
  const auto expected = run_reference(program, inputs);
  const auto got = HostRun<T>(program, library)(inputs);
  for (std::size_t k = 0; k < got.size(); ++k) {
    const Tensor& right = expected[static_cast<std::size_t>(program.outputs[k].second)];
    BOOST_REQUIRE(got[k].shape == right.shape);
    int wrong = 0;
    for (std::size_t i = 0; i < right.values.size(); ++i)
      if (!(std::abs(got[k].values[i] - right.values[i]) < tolerance * (1 + std::abs(right.values[i])))) ++wrong;
    BOOST_TEST(wrong == 0);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kernels)

BOOST_AUTO_TEST_CASE(every_step_is_right) {
  for (const Case& c : all_cases())
    for (const bool library : {false, true})
      BOOST_TEST_CONTEXT(c.name << (library ? ", cuDNN's filters" : ", own kernels")) {
        std::vector<Tensor> inputs;
        for (const Shape& shape : c.inputs)
          inputs.push_back(random_tensor(shape, static_cast<unsigned>(inputs.size())));
        compare<float>(c.program, inputs, library, 1e-4);
        compare<cv::float16_t>(c.program, inputs, library, 2e-2);
      }
}

BOOST_AUTO_TEST_CASE(groups_must_divide_the_channels) {
  Program program = colour_matrix();
  program.steps[0].group = 2;
  BOOST_CHECK_THROW(cudnn::pack<float>(program), Error);
}

BOOST_AUTO_TEST_CASE(padding_stays_zero) {
  std::vector<float> in(16, 5.f), out(16, 5.f);
  const cudnn::Chain<float> kernel{in.data(), out.data(), nullptr, 3, 0, {}};
  kernel(0), kernel(1);
  BOOST_TEST(out == (std::vector<float>{5, 5, 5, 0, 0, 0, 0, 0, 5, 5, 5, 0, 0, 0, 0, 0}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(pictures_go_in_and_come_out) {
  for (const int type : {CV_8UC1, CV_8UC3, CV_16UC1, CV_16UC3}) BOOST_TEST_CONTEXT(cv::typeToString(type)) {
      cv::Mat picture(5, 7, type), back(5, 7, type);
      cv::randu(picture, 0, CV_MAT_DEPTH(type) == CV_8U ? 256 : 65536);
      const cudnn::Samples samples{CV_MAT_DEPTH(type) == CV_16U, CV_MAT_CN(type) == 1};
      std::vector<float> tensor(35 * 8, -1.f);
      for (cudnn::Index i = 0; i < 35; ++i) cudnn::FromPicture<float>{picture.data, tensor.data(), samples}(i);
      cv::Mat as_float;
      picture.reshape(1).convertTo(as_float, CV_32F, 1 / double(samples.scale()));
      for (int i = 0; i < 35; ++i)
        for (int c = 0; c < 8; ++c) {
          const int channel = samples.grey ? 0 : 2 - c;
          const float right = c > 2 ? 0 : as_float.ptr<float>()[i * picture.channels() + channel];
          BOOST_TEST(std::abs(tensor[static_cast<std::size_t>(8 * i + c)] - right) < 1e-6);
        }
      for (cudnn::Index i = 0; i < 35; ++i) cudnn::ToPicture<float>{tensor.data(), back.data, samples}(i);
      BOOST_TEST(cv::norm(picture, back, cv::NORM_INF) == 0);
    }
}

BOOST_AUTO_TEST_CASE(pictures_are_clipped_and_rounded) {
  const std::vector<float> tensor = {-1, 0.5f, 2, 0, 0, 0, 0, 0};
  std::uint8_t bytes[3];
  cudnn::ToPicture<float>{tensor.data(), bytes, {false, false}}(0);
  BOOST_TEST(int(bytes[0]) == 255);
  BOOST_TEST(int(bytes[1]) == 128);
  BOOST_TEST(int(bytes[2]) == 0);
  cudnn::ToPicture<float>{tensor.data(), bytes, {false, true}}(0);
  BOOST_TEST(int(bytes[0]) == 128);  // the mean, then clipped
}

BOOST_AUTO_TEST_CASE(the_codecs_networks_as_another_engine_runs_them) {
  const std::string models = MODELS;
  for (const auto& [name, shape] : std::map<std::string, Shape>{{"analysis", {1, 3, 48, 80}},
                                                                {"hyper_analysis", {1, 1024, 8, 4}},
                                                                {"hyper_mean", {1, 96, 3, 2}},
                                                                {"context_1", {1, 1024, 5, 3}},
                                                                {"synthesis", {1, 512, 3, 5}}})
    BOOST_TEST_CONTEXT(name) {
      const std::string file = models + "/latent/" + name + ".onnx";
      const Tensor input = random_tensor(shape, 5);
      cv::Mat x(4, shape.data(), CV_32F);
      std::copy(input.values.begin(), input.values.end(), x.ptr<float>());
      TensorMap out;
      Registry::global().engine("opencv")->load(file, {"cpu", {"fp32"}, 1})->session()->run({{"x", x}}, out);
      const cv::Mat& right = out.at("y");
      const Program program = fuse(read_onnx(file));
      for (const bool library : {false, true}) {
        const Tensor got = HostRun<float>(program, library)({input})[0];
        BOOST_REQUIRE(got.values.size() == right.total());
        double worst = 0, largest = 0;
        for (std::size_t i = 0; i < got.values.size(); ++i) {
          const double y = right.ptr<float>()[i];
          BOOST_REQUIRE(std::isfinite(got.values[i]));
          worst = std::max(worst, std::abs(got.values[i] - y));
          largest = std::max(largest, std::abs(y));
        }
        BOOST_TEST(worst < 1e-4 * largest);
      }
    }
}

BOOST_AUTO_TEST_CASE(too_large_is_said) {
  try {
    cudnn::plan(colour_matrix(), {{1, 3, 20000, 20000}}, 2);
    BOOST_ERROR("planned");
  } catch (const Error& e) {
    BOOST_TEST((e.code() == ErrorCode::limit));
  }
}

BOOST_AUTO_TEST_SUITE_END()
