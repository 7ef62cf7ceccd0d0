// SPDX-License-Identifier: Apache-2.0
#include "channel_loops.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <vector>

using namespace calotype::latent;

BOOST_AUTO_TEST_SUITE(channel_loops)

BOOST_AUTO_TEST_CASE(logarithms_are_as_exact_as_they_say) {
  std::vector<float> latents, gain;
  for (double v = 1e-9; v < 1e9; v *= 1.001)
    for (const double sign : {1., -1.}) {
      latents.push_back(float(sign * v / 3));
      gain.push_back(3);
    }
  latents.push_back(0);
  gain.push_back(1);
  const std::size_t count = latents.size();
  std::vector<float> out(2 * count);
  hyper_arguments(latents.data(), gain.data(), int(count), out.data());
  const auto error = [](double got, double expected) {
    return std::abs(got - expected) / std::max(1., std::abs(expected));
  };
  double largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double v = double(latents[i] * gain[i]);
    largest = std::max({largest, error(out[i], std::log1p(std::abs(v))), error(out[count + i], std::asinh(v))});
  }
  BOOST_TEST(largest < 5e-7);
}

BOOST_AUTO_TEST_SUITE_END()
