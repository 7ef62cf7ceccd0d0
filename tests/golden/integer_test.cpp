// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <opencv2/core/utility.hpp>
#include <random>

#include "calotype/error.hpp"
#include "dot.hpp"
#include "integer_network.hpp"
#include "networks/records_writer.hpp"
#include "support.hpp"

using namespace calotype;
using namespace calotype::latent;

namespace {

Records read(const RecordsWriter& file) {
  const ScratchDirectory scratch;
  write_file(scratch.file("entropy.bin"), file.bytes);
  return Records(FileView(scratch.file("entropy.bin")));
}

struct RandomNetwork {
  RandomNetwork(std::mt19937& random, int channels) : w1(std::size_t(8) * channels), w3(std::size_t(5) * 2 * 9) {
    for (auto& w : w1) w = std::int16_t(int(random() % 2001) - 1000);
    for (auto& w : w3) w = std::int16_t(int(random() % 4001) - 2000);
    file.add_kernel("net.0.weight", {8, channels, 1, 1}, w1)
        .add("net.0.bias", {8}, b1)
        .add("net.0.spec", {4}, {2, 1, 6, 4095});
    file.add_kernel("net.1.weight", {5, 2, 3, 3}, w3)
        .add("net.1.bias", {5}, b3)
        .add("net.1.spec", {4}, {1, 0, 9, 2047});
  }
  std::vector<std::int16_t> w1, w3;
  std::vector<std::int32_t> b1 = {1, -2, 3, -4, 5, -6, 7, -8}, b3 = {100, -100, 0, 5000, -5000};
  RecordsWriter file;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(integer)

BOOST_AUTO_TEST_CASE(every_dot_product_is_equal) {
  std::mt19937 random(3);
  for (const int length : {2, 96, 1154}) {
    const int outputs = 2 * kDotOutputs;
    std::vector<std::int16_t> patches(std::size_t(kDotBlock) * length), weights(std::size_t(outputs) * length);
    std::vector<std::int32_t> bias(outputs), expected(std::size_t(kDotBlock) * outputs), got(expected.size());
    for (auto& v : patches) v = std::int16_t(random() % 4096);
    for (auto& v : weights) v = std::int16_t(int(random() % 511) - 255);
    for (auto& v : bias) v = std::int32_t(random() % 1000000) - 500000;
    for (int p = 0; p < kDotBlock; ++p)
      for (int o = 0; o < outputs; ++o) {
        std::int64_t sum = bias[std::size_t(o)];
        for (int i = 0; i < length; ++i)
          sum += std::int64_t(patches[std::size_t(p * length + i)]) * weights[std::size_t(dot_weight(length, o, i))];
        expected[std::size_t(p * outputs + o)] = std::int32_t(sum);
      }
    std::vector<DotFunction> functions = {dot_portable, best_dot()};
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) functions.push_back(dot_avx2);
    if (__builtin_cpu_supports("avx512bw")) functions.push_back(dot_avx512);
    if (__builtin_cpu_supports("avx512vnni")) functions.push_back(dot_vnni);
#endif
    for (const DotFunction dot : functions) {
      dot(patches.data(), weights.data(), bias.data(), length, outputs, got.data());
      BOOST_CHECK_EQUAL_COLLECTIONS(got.begin(), got.end(), expected.begin(), expected.end());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_network_equals_the_formula_for_any_number_of_threads) {
  std::mt19937 random(4);
  const int channels = 6;
  const RandomNetwork random_network(random, channels);
  const Records records = read(random_network.file);
  const IntegerNetwork network(records, "net", channels, 448);
  Activations in(5, 7, channels);
  for (auto& v : in.values) v = std::int16_t(int(random() % 897) - 448);

  // The definition, written out: 1x1, ReLU, pixel shuffle, then 3x3 with zero padding.
  const auto rescale = [](std::int64_t sum, int shift, int low, int high) {
    const std::int64_t v = (sum + (std::int64_t(1) << (shift - 1))) >> shift;
    return std::int16_t(std::min<std::int64_t>(std::max<std::int64_t>(v, low), high));
  };
  Activations middle(10, 14, 2), expected(10, 14, 5);
  for (int y = 0; y < 5; ++y)
    for (int x = 0; x < 7; ++x)
      for (int o = 0; o < 8; ++o) {
        std::int64_t sum = random_network.b1[std::size_t(o)];
        for (int c = 0; c < channels; ++c)
          sum += std::int64_t(in.at(y, x)[c]) * random_network.w1[std::size_t(o * channels + c)];
        middle.at(2 * y + o % 4 / 2, 2 * x + o % 2)[o / 4] = rescale(sum, 6, 0, 4095);
      }
  for (int y = 0; y < 10; ++y)
    for (int x = 0; x < 14; ++x)
      for (int o = 0; o < 5; ++o) {
        std::int64_t sum = random_network.b3[std::size_t(o)];
        for (int c = 0; c < 2; ++c)
          for (int ky = 0; ky < 3; ++ky)
            for (int kx = 0; kx < 3; ++kx) {
              const int sy = y + ky - 1, sx = x + kx - 1;
              if (sy < 0 || sy >= 10 || sx < 0 || sx >= 14) continue;
              sum +=
                  std::int64_t(middle.at(sy, sx)[c]) * random_network.w3[std::size_t(((o * 2 + c) * 3 + ky) * 3 + kx)];
            }
        expected.at(y, x)[o] = rescale(sum, 9, -2047, 2047);
      }
  const int threads = cv::getNumThreads();
  for (const int n : {1, 2, 5}) {
    cv::setNumThreads(n);
    Activations got;
    network.run(in, got);
    BOOST_CHECK_EQUAL_COLLECTIONS(got.values.begin(), got.values.end(), expected.values.begin(), expected.values.end());
  }
  cv::setNumThreads(threads);
}

BOOST_AUTO_TEST_CASE(a_network_that_could_overflow_is_refused) {
  RecordsWriter file;
  file.add_kernel("net.0.weight", {1, 3, 1, 1}, {32767, 32767, 32767})
      .add("net.0.bias", {1}, {0})
      .add("net.0.spec", {4}, {1, 1, 8, 4095});
  const Records records = read(file);
  BOOST_CHECK_NO_THROW(IntegerNetwork(records, "net", 3, 448));
  BOOST_CHECK_THROW(IntegerNetwork(records, "net", 3, 32767), Error);
  BOOST_CHECK_THROW(IntegerNetwork(records, "net", 4, 448), Error);
}

BOOST_AUTO_TEST_CASE(broken_tables_are_refused) {
  std::mt19937 random(5);
  RecordsWriter file = RandomNetwork(random, 6).file;
  while (!file.bytes.empty()) {
    file.bytes.pop_back();
    // Cut between records the file is well-formed but lacks some; anywhere else it is not.
    try {
      const Records records = read(file);
      BOOST_CHECK_THROW(records.i32("net.1.spec", {4}), Error);
    } catch (const Error& e) {
      BOOST_CHECK(e.code() == ErrorCode::corrupt);
    }
  }
}

BOOST_AUTO_TEST_CASE(kernels_of_impossible_shapes_are_refused) {
  const auto refused = [](const std::vector<int>& dims) {
    RecordsWriter file;
    file.begin("net.0.weight", 4, dims);
    file.bytes.resize(file.bytes.size() + 2 * 32 * 2);  // enough for one block of a pair
    try {
      read(file).kernel("net.0.weight", 1);
      return false;
    } catch (const Error& e) {
      return e.code() == ErrorCode::corrupt;
    }
  };
  BOOST_TEST(!refused({1, 1, 1, 1}));
  BOOST_TEST(refused({1, 1}));
  BOOST_TEST(refused({1, 1, 1, 2}));
  BOOST_TEST(refused({0, 1, 1, 1}));
  BOOST_TEST(refused({33, 1, 1, 1}));
  BOOST_TEST(refused({1 << 30, 1 << 30, 1 << 30, 1 << 30}));
  BOOST_TEST(refused({-1, -1, 1, 1}));
}

BOOST_AUTO_TEST_SUITE_END()
