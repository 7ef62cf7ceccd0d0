// SPDX-License-Identifier: Apache-2.0
// Every engine that is found and has a device, on the networks that make_data.py wrote.
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cmath>
#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <thread>
#include <tuple>

#include "networks/onnx_writer.hpp"
#include "support.hpp"

using namespace calotype;

namespace {

cv::Mat tensor(int channels, int height, int width) {
  const int shape[] = {1, channels, height, width};
  return cv::Mat(4, shape, CV_32F, cv::Scalar(0));
}

cv::Mat random_input(int height, int width, int channels = 3) {
  cv::Mat input = tensor(channels, height, width);
  cv::RNG random(static_cast<std::uint64_t>(height * 1000 + width));
  random.fill(input, cv::RNG::UNIFORM, -1, 1);
  return input;
}

/// What data/small.onnx computes, as make_data.py describes it.
TensorMap expected_outputs(const cv::Mat& x) {
  const int height = x.size[2], width = x.size[3], h = (height + 1) / 2, w = (width + 1) / 2;
  cv::Mat positive = tensor(4, h, w), both = tensor(8, h, w);
  for (int o = 0; o < 4; ++o)
    for (int i = 0; i < h; ++i)
      for (int j = 0; j < w; ++j) {
        double c = o / 8.0;
        for (int k = 0; k < 27; ++k) {
          const int channel = k / 9, y = 2 * i + k / 3 % 3 - 1, z = 2 * j + k % 3 - 1;
          const bool inside = y >= 0 && y < height && z >= 0 && z < width;
          if (inside) c += ((o * 27 + k) % 7 - 3) / 4.0 * x.ptr<float>(0, channel, y)[z];
        }
        positive.ptr<float>(0, o, i)[j] = static_cast<float>(std::max(c, 0.0));
        both.ptr<float>(0, o, i)[j] = static_cast<float>(c / (1 + std::abs(c)));
        both.ptr<float>(0, o + 4, i)[j] = static_cast<float>(2 * c);
      }
  return {{"positive", positive}, {"both", both}};
}

void check_run(Session& session, int height, int width) {
  const cv::Mat input = random_input(height, width);
  TensorMap outputs;
  session.run({{"x", input}}, outputs);
  const TensorMap expected = expected_outputs(input);
  BOOST_TEST(outputs.size() == expected.size());
  for (const auto& [name, values] : expected) {
    BOOST_REQUIRE(outputs.count(name) == 1);
    BOOST_REQUIRE((outputs[name].size == values.size));
    BOOST_TEST(cv::norm(outputs[name], values, cv::NORM_INF) < 1e-4);
  }
}

const std::filesystem::path small = TEST_DATA "/small.onnx";

/// Runs `check` on every engine that can run anything here.
template <class Check>
void for_each_engine(Check check) {
  int tested = 0;
  for (const std::string& name : names(Kind::engine)) {
    const auto engine = Registry::global().engine(name);
    if (engine->devices().empty()) continue;
    BOOST_TEST_CONTEXT(name) check(*engine);
    ++tested;
  }
  BOOST_TEST(tested > 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(engines)

BOOST_AUTO_TEST_CASE(outputs_are_right_at_any_size) {
  for_each_engine([](Engine& engine) {
    const auto session = engine.load(small, {})->session();
    for (const cv::Size size : {cv::Size(8, 8), cv::Size(20, 12), cv::Size(1, 1), cv::Size(7, 33), cv::Size(8, 8)})
      BOOST_TEST_CONTEXT(size) check_run(*session, size.height, size.width);
  });
}

/// What an engine does in place must not change what else reads the value: see make_data.py.
BOOST_AUTO_TEST_CASE(normalisations_and_sums_with_what_they_normalise) {
  const auto normalised = [](double v) { return v / (std::abs(v) / 2 + 1 + 0.05); };
  for_each_engine([&](Engine& engine) {
    for (const char* precision : {"fp32", "bf16", "fp16"}) {
      std::unique_ptr<Session> session;
      try {
        session = engine.load(TEST_DATA "/normalised.onnx", {"auto", {precision}, 0})->session();
      } catch (const Error& e) {
        BOOST_TEST((e.code() == ErrorCode::unsupported), e.full_text());
        continue;
      }
      for (const cv::Size size : {cv::Size(7, 33), cv::Size(70, 5)}) {
        const cv::Mat input = random_input(size.height, size.width) * 4;
        TensorMap outputs;
        session->run({{"x", input}}, outputs);
        cv::Mat expected = tensor(3, size.height, size.width);
        for (int c = 0; c < 3; ++c)
          for (int i = 0; i < size.area(); ++i) {
            const double a = ((c + 3) % 5 - 2) / 2. * double(input.ptr<float>(0, c)[i]);
            expected.ptr<float>(0, c)[i] = static_cast<float>(normalised(normalised(a) + a));
          }
        BOOST_TEST(cv::norm(outputs["y"], expected, cv::NORM_INF) < (precision == std::string("fp32") ? 1e-4 : 0.02));
      }
    }
  });
}

/// On one engine and on the reference; at sizes that fill blocks, at some that do not, and at one with many pixels.
void compare_with_reference(Engine& engine, const char* network) {
  const auto session = engine.load(network, {})->session();
  const auto reference = Registry::global().engine("opencv")->load(network, {})->session();
  for (const cv::Size size : {cv::Size(7, 33), cv::Size(20, 12), cv::Size(231, 150)}) {
    const cv::Mat input = random_input(size.height, size.width);
    TensorMap outputs, expected;
    session->run({{"x", input}}, outputs);
    reference->run({{"x", input}}, expected);
    BOOST_REQUIRE_EQUAL(outputs.size(), expected.size());
    for (const auto& [name, tensor] : expected) {
      BOOST_REQUIRE((outputs[name].size == tensor.size));
      BOOST_TEST(cv::norm(outputs[name], tensor, cv::NORM_INF) < 1e-4);
    }
  }
}

BOOST_AUTO_TEST_CASE(groups_as_the_reference_has_them) {
  for_each_engine([](Engine& engine) { compare_with_reference(engine, TEST_DATA "/grouped.onnx"); });
}

BOOST_AUTO_TEST_CASE(depthwise_convolutions_of_one_pixel_and_what_is_added_to_them) {
  constexpr int channels = 24;  // no whole number of vectors
  onnx::Graph graph;
  graph.input("x", channels);
  std::vector<float> weights(channels * 9, 0.f);
  for (int c = 0; c < channels; ++c) weights[std::size_t(c * 9 + 4)] = float(c);  // the middle
  const std::string read = graph.node("Conv", {"x", graph.constant({channels, 1, 3, 3}, weights)},
                                      {onnx::attribute("kernel_shape", {3, 3}), onnx::attribute("pads", {1, 1, 1, 1}),
                                       onnx::attribute("group", channels)});
  graph.output(graph.node("Add", {read, "x"}, {}, "y"));
  const auto file = std::filesystem::temp_directory_path() / ("calotype_depthwise_" + std::to_string(::getpid()));
  write_file(file.string(), graph.bytes(), true);
  for_each_engine([&](Engine& engine) {
    const cv::Mat input = random_input(1, 1, channels);
    TensorMap outputs;
    try {
      engine.load(file, {})->session()->run({{"x", input}}, outputs);
    } catch (const Error& e) {  // OpenCV cannot
      BOOST_TEST(e.code() == ErrorCode::engine);
      return;
    }
    for (int c = 0; c < channels; ++c)
      BOOST_TEST(std::abs(outputs["y"].ptr<float>()[c] - float(c + 1) * input.ptr<float>()[c]) < 1e-4);
  });
  std::filesystem::remove(file);
}

BOOST_AUTO_TEST_CASE(weights_of_a_convolution_and_a_transposed_one) {
  onnx::Graph graph;
  graph.input("x", 3);
  std::vector<float> spread(32 * 3), shared(32 * 32);
  for (std::size_t i = 0; i < spread.size(); ++i) spread[i] = float(i % 5) / 2 - 1;
  for (std::size_t i = 0; i < shared.size(); ++i) shared[i] = float(i % 11) / 16 - 0.25f;
  const std::vector<std::string> kernel = {onnx::attribute("kernel_shape", std::vector<int>{1, 1})};
  const std::string made = graph.node("Conv", {"x", graph.constant({32, 3, 1, 1}, spread)}, kernel);
  const std::string weights = graph.half_constant({32, 32, 1, 1}, shared);
  const std::string positive = graph.node("Relu", {graph.node("Conv", {made, weights}, kernel)});
  graph.output(graph.node("ConvTranspose", {positive, weights}, kernel, "y"));
  const auto file = std::filesystem::temp_directory_path() / ("calotype_shared_" + std::to_string(::getpid()));
  write_file(file.string(), graph.bytes(), true);
  for_each_engine([&](Engine& engine) { compare_with_reference(engine, file.c_str()); });
  std::filesystem::remove(file);
}

BOOST_AUTO_TEST_CASE(minimal_filtering_as_the_reference_has_it) {
  for_each_engine([](Engine& engine) { compare_with_reference(engine, TEST_DATA "/filtered.onnx"); });
}

BOOST_AUTO_TEST_CASE(channels_may_come_last) {
  const auto turned = [](const cv::Mat& planar) {
    cv::Mat last(std::vector<int>{planar.size[2], planar.size[3], planar.size[1]}, CV_32F);
    for (int c = 0; c < planar.size[1]; ++c)
      for (int y = 0; y < planar.size[2]; ++y)
        for (int x = 0; x < planar.size[3]; ++x) last.ptr<float>(y, x)[c] = planar.ptr<float>(0, c, y)[x];
    return last;
  };
  for_each_engine([&](Engine& engine) {
    for (const char* precision : {"fp32", "bf16"}) {
      std::unique_ptr<Session> session;
      try {
        session = engine.load(small, {"auto", {precision}, 0})->session();
      } catch (const Error& e) {
        BOOST_TEST((e.code() == ErrorCode::unsupported), e.full_text());
        continue;
      }
      for (const cv::Size size : {cv::Size(7, 33), cv::Size(20, 12), cv::Size(7, 33)}) {
        const cv::Mat input = random_input(size.height, size.width);
        TensorMap planar, last{{"both", cv::Mat(std::vector<int>{1, 1, 1}, CV_32F)}};
        session->run({{"x", input}}, planar);
        session->run({{"x", turned(input)}}, last);
        BOOST_REQUIRE_EQUAL(last["both"].dims, 3);
        BOOST_TEST(cv::norm(last["both"], turned(planar["both"]), cv::NORM_INF) == 0);
        BOOST_TEST(cv::norm(last["positive"], planar["positive"], cv::NORM_INF) == 0);
        session->run({{"x", turned(input)}}, last);  // into what is there already
        BOOST_TEST(cv::norm(last["both"], turned(planar["both"]), cv::NORM_INF) == 0);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(every_precision_comes_near) {
  for_each_engine([](Engine& engine) {
    for (const char* precision : {"bf16", "fp16"}) {
      std::shared_ptr<Network> network;
      try {
        network = engine.load(small, {"auto", {precision}, 0});
      } catch (const Error& e) {
        BOOST_TEST((e.code() == ErrorCode::unsupported), e.full_text());
        continue;
      }
      for (const cv::Size size : {cv::Size(20, 12), cv::Size(1, 1), cv::Size(7, 33), cv::Size(70, 5)}) {
        const cv::Mat input = random_input(size.height, size.width);
        TensorMap outputs;
        network->session()->run({{"x", input}}, outputs);
        for (const auto& [name, expected] : expected_outputs(input))
          BOOST_TEST(cv::norm(outputs[name], expected, cv::NORM_INF) < 0.01 * cv::norm(expected, cv::NORM_INF) + 0.01);
      }
    }
  });
}

/// In onednn's bf16 too: rounding would be seen in a picture that is made by a linear path.
BOOST_AUTO_TEST_CASE(linear_paths_to_pictures_are_precise) {
  for_each_engine([](Engine& engine) {
    const char* const file = TEST_DATA "/linear.onnx";
    std::shared_ptr<Network> rounded;
    try {
      rounded = engine.load(file, {"auto", {"bf16"}, 0});
    } catch (const Error& e) {
      BOOST_TEST((e.code() == ErrorCode::unsupported), e.full_text());
      return;
    }
    if (rounded->info().engine != "onednn") return;
    for (const cv::Size size : {cv::Size(7, 33), cv::Size(20, 12)}) {
      const cv::Mat input = random_input(size.height, size.width, 32);
      TensorMap expected, outputs;
      engine.load(file, {"auto", {"fp32"}, 0})->session()->run({{"x", input}}, expected);
      rounded->session()->run({{"x", input}}, outputs);
      const auto error = [&](const char* name) {
        return cv::norm(outputs[name], expected[name], cv::NORM_INF) / cv::norm(expected[name], cv::NORM_INF);
      };
      BOOST_TEST(error("y") < 1e-4);
      BOOST_TEST(error("positive") < 0.02);
    }
  });
}

BOOST_AUTO_TEST_CASE(results_outlive_the_next_run) {
  for_each_engine([](Engine& engine) {
    const auto session = engine.load(small, {})->session();
    TensorMap first, second;
    session->run({{"x", random_input(8, 8)}}, first);
    const cv::Mat before = first["both"].clone();
    session->run({{"x", cv::Mat(random_input(8, 8) * 2)}}, second);
    BOOST_TEST(cv::norm(first["both"], before, cv::NORM_INF) == 0);
  });
}

BOOST_AUTO_TEST_CASE(sessions_of_one_network_run_in_parallel) {
  for_each_engine([](Engine& engine) {
    const auto network = engine.load(small, {});
    std::vector<double> errors(4, 1);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&, i] {
        const auto session = network->session();
        const cv::Mat input = random_input(10 + i, 16);
        TensorMap outputs;
        for (int n = 0; n < 5; ++n) session->run({{"x", input}}, outputs);
        errors[static_cast<std::size_t>(i)] = cv::norm(outputs["both"], expected_outputs(input)["both"], cv::NORM_INF);
      });
    for (auto& thread : threads) thread.join();
    for (const double error : errors) BOOST_TEST(error < 1e-4);
  });
}

BOOST_AUTO_TEST_CASE(says_what_runs) {
  for_each_engine([](Engine& engine) {
    const NetworkInfo info = engine.load(small, {})->info();
    BOOST_TEST(info.precision == "fp32");
    const auto devices = engine.devices();
    BOOST_TEST(std::count_if(devices.begin(), devices.end(), [&](const Device& d) { return d.name == info.device; }) ==
               1);
    BOOST_TEST(!engine.version().empty());
  });
}

BOOST_AUTO_TEST_CASE(an_unknown_operator_is_named_while_loading) {
  for_each_engine([](Engine& engine) {
    try {
      engine.load(TEST_DATA "/unknown_operator.onnx", {});
      BOOST_ERROR("loaded");
    } catch (const Error& e) {
      BOOST_TEST(e.code() == ErrorCode::unsupported);
      BOOST_TEST(std::string(e.what()).find("Det") != std::string::npos, e.what());
      BOOST_TEST(std::string(e.what()).find("odd_one") != std::string::npos, e.what());
    }
  });
}

/// Sizes made of such numbers would overflow, or be nothing.
BOOST_AUTO_TEST_CASE(attributes_beyond_reason_are_refused) {
  for_each_engine([](Engine& engine) {
    for (const char* network : {TEST_DATA "/vast_stride.onnx", TEST_DATA "/no_channels.onnx"})
      BOOST_TEST(code_of([&] { engine.load(network, {}); }) == ErrorCode::corrupt, network);
  });
}

BOOST_AUTO_TEST_CASE(broken_and_missing_files) {
  const auto broken = std::filesystem::temp_directory_path() / ("calotype_broken_" + std::to_string(::getpid()));
  for_each_engine([&](Engine& engine) {
    Bytes bytes = read_file(small.string());
    bytes.resize(bytes.size() / 2);
    write_file(broken.string(), bytes, true);
    BOOST_TEST(code_of([&] { engine.load(broken, {}); }) == ErrorCode::corrupt);
    write_file(broken.string(), Bytes(100, 0xFF), true);
    BOOST_TEST(code_of([&] { engine.load(broken, {}); }) == ErrorCode::corrupt);
    BOOST_TEST(code_of([&] { engine.load("/no/such/file.onnx", {}); }) == ErrorCode::not_found);
  });
  std::filesystem::remove(broken);
}

BOOST_AUTO_TEST_CASE(impossible_wishes_are_refused) {
  for_each_engine([](Engine& engine) {
    BOOST_TEST(code_of([&] { engine.load(small, {"no such device", {"fp32"}, 0}); }) == ErrorCode::engine);
    BOOST_TEST(code_of([&] { engine.load(small, {"auto", {"fp3"}, 0}); }) == ErrorCode::unsupported);
  });
}

BOOST_AUTO_TEST_CASE(wrong_inputs_are_an_error) {
  for_each_engine([](Engine& engine) {
    const auto session = engine.load(small, {})->session();
    TensorMap outputs;
    BOOST_CHECK_THROW(session->run({{"other", random_input(8, 8)}}, outputs), Error);
    BOOST_CHECK_THROW(session->run({}, outputs), Error);
    BOOST_CHECK_THROW(session->run({{"x", tensor(5, 8, 8)}}, outputs), Error);
  });
}

BOOST_AUTO_TEST_CASE(what_belongs_to_the_process_stays_as_it_is) {
  cv::setNumThreads(2);
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_ERROR);
  const auto settings = [] {
    sigset_t signals;
    pthread_sigmask(SIG_SETMASK, nullptr, &signals);
    cpu_set_t processors;
    sched_getaffinity(0, sizeof processors, &processors);
    return std::make_tuple(cv::getNumThreads(), cv::utils::logging::getLogLevel(), sigismember(&signals, SIGINT),
                           CPU_COUNT(&processors), std::string(std::setlocale(LC_ALL, nullptr)));
  };
  const auto before = settings();
  for_each_engine([](Engine& engine) {
    check_run(*engine.load(small, {"auto", {"fp32"}, 1})->session(), 8, 8);
    BOOST_CHECK_THROW(engine.load("/no/such/file.onnx", {}), Error);
  });
  for (const char* format : {"tiff", "calo"}) {
    Image image;
    image.pixels = cv::Mat(16, 16, CV_8UC3, cv::Scalar(20, 40, 60));
    Bytes bytes = encode(image, format);
    bytes.resize(bytes.size() * 3 / 4);
    BOOST_CHECK_THROW(decode(bytes, format), Error);
  }
  BOOST_TEST((settings() == before));
}

BOOST_AUTO_TEST_SUITE_END()
