// SPDX-License-Identifier: Apache-2.0
// Layouts, index arithmetic and kernels of engine_cudnn, on the processor.
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <opencv2/core.hpp>

#include "bfloat16.hpp"
#include "calotype/error.hpp"
#include "cases.hpp"
#include "engine_cudnn/attempts.hpp"
#include "engine_cudnn/port.hpp"
#include "host_device.hpp"
#include "network/inputs.hpp"
#include "programs.hpp"
#include "random_program.hpp"

using namespace calotype;
using namespace calotype::network;

namespace {

std::vector<Tensor> inputs_of(const Case& c) {
  std::vector<Tensor> inputs;
  for (const Shape& shape : c.inputs) inputs.push_back(random_tensor(shape, static_cast<unsigned>(inputs.size())));
  return inputs;
}

/// Where the reference is no number, anything may come out.
template <class T>
void compare(const Program& program, const std::vector<Tensor>& inputs, double tolerance) {
  const auto expected = run_reference(program, inputs);
  for (const bool library : {false, true}) BOOST_TEST_CONTEXT((library ? "cuDNN's filters" : "own kernels")) {
      const auto got = HostRun<T>(program, library)(inputs);
      for (std::size_t k = 0; k < got.size(); ++k) {
        const Tensor& right = expected[static_cast<std::size_t>(program.outputs[k].second)];
        BOOST_REQUIRE(got[k].shape == right.shape);
        int wrong = 0;
        for (std::size_t i = 0; i < right.values.size(); ++i)
          if (std::isfinite(right.values[i]) &&
              !(std::abs(got[k].values[i] - right.values[i]) < tolerance * (1 + std::abs(right.values[i]))))
            ++wrong;
        BOOST_TEST(wrong == 0);
      }
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kernels)

BOOST_AUTO_TEST_CASE(every_step_is_right) {
  for (const Case& c : all_cases()) BOOST_TEST_CONTEXT(c.name) {
      compare<float>(c.program, inputs_of(c), 1e-4);
      BOOST_TEST_CONTEXT("fp16") compare<cv::float16_t>(c.program, inputs_of(c), 2e-2);
      BOOST_TEST_CONTEXT("bf16") compare<Bfloat16>(c.program, inputs_of(c), 1e-1);
    }
}

BOOST_AUTO_TEST_CASE(random_programs_are_right) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    const Case c = random_program(seed);
    BOOST_TEST_CONTEXT(c.name) {
      compare<float>(c.program, inputs_of(c), 1e-3);
      BOOST_TEST_CONTEXT("fp16") compare<cv::float16_t>(c.program, inputs_of(c), 0.2);
    }
  }
}

/// Neither the channels that pad nor other pictures see them.
BOOST_AUTO_TEST_CASE(what_is_no_number_stays_where_it_is) {
  std::vector<Case> cases = all_cases();
  for (unsigned seed = 0; seed < 400; ++seed) cases.push_back(random_program(seed));
  for (const Case& c : cases)
    for (const double odd : {double(INFINITY), double(NAN)}) BOOST_TEST_CONTEXT(c.name << " with " << odd) {
        std::vector<Tensor> inputs = inputs_of(c);
        for (Tensor& input : inputs) input.at(0, input.shape[1] - 1, 0, input.shape[3] / 2) = odd;
        compare<float>(c.program, inputs, 1e-3);
      }
}

BOOST_AUTO_TEST_CASE(what_there_is_no_kernel_for_is_refused_by_name) {
  const auto refused = [](const Step& step) {
    BOOST_CHECK_EXCEPTION(cudnn::pack<float>(program_of({step})), Error, [](const Error& e) {
      return e.code() == ErrorCode::unsupported &&
             e.full_text().find("operator Odd of node \"here\"") != std::string::npos;
    });
  };
  Step turned = step_of(Step::Kind::rearrange, {0});
  turned.op = "Odd";
  turned.name = "here";
  turned.dims.assign(9, 1);
  turned.strides.assign(9, 1);
  refused(turned);
  turned.dims.pop_back();
  cudnn::pack<float>(program_of({turned}));

  Step gate = step_of(Step::Kind::pointwise, {0});
  gate.op = "Odd";
  gate.name = "here";
  gate.post.assign(16, {PostOp::Kind::tanh});
  gate.post[0].kind = PostOp::Kind::keep;
  gate.post.push_back({PostOp::Kind::times_kept});
  refused(gate);
  gate.post.erase(gate.post.begin() + 1);
  cudnn::pack<float>(program_of({gate}));
}

BOOST_AUTO_TEST_CASE(groups_must_divide_the_channels) {
  Program program = colour_matrix();
  program.steps[0].group = 2;
  BOOST_CHECK_THROW(cudnn::pack<float>(program), Error);
}

BOOST_AUTO_TEST_CASE(constants_must_be_for_all_channels) {
  Step step = step_of(Step::Kind::pointwise, {0});
  for (const PostOp& post : {PostOp{PostOp::Kind::per_channel, {1, 2}}, PostOp{PostOp::Kind::leaky_relu, {}},
                             PostOp{PostOp::Kind::leaky_relu, {1, 2}}}) {
    step.post = {post};
    BOOST_CHECK_THROW(cudnn::plan(program_of({step}), {{1, 11, 2, 2}}, 4), Error);
  }
}

BOOST_AUTO_TEST_CASE(padding_stays_zero) {
  std::vector<float> in(16, 5.f), out(16, 5.f);
  const cudnn::Chain<float> kernel{in.data(), out.data(), nullptr, {3, 1, 2}, 0, {}};
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

/// Products of infinity and the zeros that pad weights must not reach what is no padding.
BOOST_AUTO_TEST_CASE(infinity_stays_among_the_channels_that_have_it) {
  Program program = colour_matrix();
  program.steps[0].weights.values.assign(9, 1);
  program.steps[0].bias.assign(3, 0);
  program.steps.push_back(program.steps[0]);
  program.steps[1].in = {1};
  program.steps[1].out = 2;
  program.outputs[0].second = 2;
  program.values = 3;
  Tensor input({1, 3, 1, 2});
  input.at(0, 1, 0, 0) = INFINITY;
  for (const bool library : {false, true}) {
    const Tensor got = HostRun<float>(program, library)({input})[0];
    for (int c = 0; c < 3; ++c) {
      BOOST_TEST(got.at(0, c, 0, 0) == INFINITY);
      BOOST_TEST(got.at(0, c, 0, 1) == 0);
    }
  }
}

BOOST_AUTO_TEST_CASE(tensors_cross_in_all_their_forms) {
  const cv::Mat_<float> plain({2, 3}, {1, 2, 3, 4, 5, 6});
  const Program program = colour_matrix();
  const Shape shape = input_shapes(program, {{"x0", plain}})[0];
  BOOST_CHECK((shape == Shape{2, 3, 1, 1}));
  const cudnn::Port port = cudnn::input_port(plain, shape);
  BOOST_REQUIRE_EQUAL(port.bytes(), 24u);
  std::vector<std::uint8_t> memory(port.bytes());
  cudnn::take_in(port, plain, memory.data());
  BOOST_TEST(std::memcmp(memory.data(), plain.data, 24) == 0);

  const cudnn::Port result = cudnn::output_port("y", {}, shape, 2);
  cv::Mat back;
  cudnn::deliver("y", result, memory.data(), back);
  BOOST_TEST((back.dims == 2 && back.rows == 2 && back.cols == 3));
  BOOST_TEST(cv::norm(back, plain, cv::NORM_INF) == 0);

  const cv::Mat_<cv::Vec3b> pictures(4, 5, cv::Vec3b(1, 2, 3));
  const cv::Mat part = pictures(cv::Rect(1, 1, 2, 3));  // not continuous
  const cudnn::Port picture = cudnn::input_port(part, input_shapes(program, {{"x0", part}})[0]);
  BOOST_REQUIRE_EQUAL(picture.bytes(), 18u);
  cudnn::take_in(picture, part, memory.data());
  for (int i = 0; i < 18; ++i) BOOST_TEST(int(memory[std::size_t(i)]) == 1 + i % 3);
}

BOOST_AUTO_TEST_CASE(the_search_for_an_algorithm_goes_on_where_memory_is_short) {
  struct Algorithm {
    int number;
    std::size_t workspace;
  };
  std::vector<int> executed;
  const auto search = [&](std::size_t room) {
    executed.clear();
    return cudnn::first_that_runs(
        std::vector<Algorithm>{{1, 0}, {2, 900}, {3, 500}, {4, 50}, {5, 10}},
        [](const Algorithm& a) { return a.number != 1; }, [&](std::size_t bytes) { return bytes <= room; },
        [&](const Algorithm& a) {
          executed.push_back(a.number);
          return a.number != 3;
        });
  };
  BOOST_TEST(search(1000)->number == 2);
  BOOST_TEST(search(600)->number == 4);
  BOOST_TEST(executed == (std::vector<int>{3, 4}), boost::test_tools::per_element());
  BOOST_TEST(search(20)->number == 5);
  BOOST_TEST(!search(5));
}

BOOST_AUTO_TEST_CASE(a_capture_ends_whatever_happens) {
  std::string calls;
  const auto nothing = [] { return std::string(); };
  const auto end = [&] {
    calls += "end";
    return std::string();
  };
  BOOST_TEST(cudnn::captured(
                 nothing, [] {}, end) == "");
  BOOST_TEST(cudnn::captured(
                 nothing, [] { throw Error(ErrorCode::engine, "no"); }, end) == "no");
  BOOST_TEST(cudnn::captured(
                 nothing, [] { throw std::bad_alloc(); }, end) != "");
  BOOST_TEST(cudnn::captured(
                 nothing, [] { throw 1; }, end) != "");
  BOOST_TEST(calls == "endendendend");
  BOOST_TEST(cudnn::captured([] { return std::string("busy"); }, [&] { calls = "enqueued"; }, end) == "busy");
  BOOST_TEST(calls == "endendendend");
  BOOST_TEST(cudnn::captured(
                 nothing, [] {}, [] { return std::string("broken"); }) == "broken");
}

BOOST_AUTO_TEST_CASE(too_little_memory_is_said_beforehand) {
  cudnn::check_room(1000, 1000);
  BOOST_CHECK_EXCEPTION(cudnn::check_room(5000000000, 2000000000), Error, [](const Error& e) {
    return e.code() == ErrorCode::limit && e.full_text().find("5001 MB") != std::string::npos &&
           e.full_text().find("2001 MB") != std::string::npos;
  });
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
