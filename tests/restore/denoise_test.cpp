// SPDX-License-Identifier: Apache-2.0
#include <opencv2/imgproc.hpp>

#include "noise_level.hpp"
#include "support.hpp"

BOOST_AUTO_TEST_SUITE(denoise)

BOOST_AUTO_TEST_CASE(the_level_of_noise_is_found) {
  for (const char* name : {"landscape", "studio"})
    for (const double sigma : {5., 15., 25., 50.}) BOOST_TEST_CONTEXT(name << " " << sigma) {
        const cv::Mat clean = sample(name);
        cv::Mat grey, middle;  // away from black and white, where noise is cut off
        clean.convertTo(middle, CV_8U, 0.3, 90);
        BOOST_CHECK_SMALL(calotype::restore::noise_level(noisy(middle, sigma)) - sigma, 0.6 + 0.05 * sigma);
        cv::cvtColor(middle, grey, cv::COLOR_BGR2GRAY);
        BOOST_CHECK_SMALL(calotype::restore::noise_level(noisy(grey, sigma)) - sigma, 1 + 0.1 * sigma);
      }
}

BOOST_AUTO_TEST_CASE(noise_goes_and_the_picture_stays) {
  const cv::Mat clean = sample();
  for (const char* sigma : {"25", "auto"}) {
    const cv::Mat result = run("denoise", image_of(noisy(clean, 25)), {{"sigma", sigma}}).pixels;
    BOOST_TEST(cv::PSNR(result, clean) > cv::PSNR(noisy(clean, 25), clean) + 6, "sigma=" << sigma);
  }
}

BOOST_AUTO_TEST_CASE(deep_samples_are_treated_as_8_bit_ones_are) {
  const cv::Mat damaged = noisy(sample(), 25);
  const cv::Mat expected = run("denoise", image_of(damaged), {{"sigma", "25"}}).pixels;
  for (const auto& [depth, white] : {std::pair(CV_16U, 65535.), std::pair(CV_32F, 1.)}) {
    cv::Mat deep, result;
    damaged.convertTo(deep, depth, white / 255);
    run("denoise", image_of(deep), {{"sigma", "25"}}).pixels.convertTo(result, CV_8U, 255 / white);
    BOOST_TEST(cv::norm(result, expected, cv::NORM_INF) <= 1);
  }
}

BOOST_AUTO_TEST_CASE(alpha_is_carried_and_grey_stays_grey) {
  cv::Mat damaged = noisy(sample(), 25), with_alpha, grey;
  cv::cvtColor(damaged, with_alpha, cv::COLOR_BGR2BGRA);
  cv::Mat alpha(damaged.size(), CV_8U);
  cv::randu(alpha, 0, 256);
  cv::insertChannel(alpha, with_alpha, 3);
  const cv::Mat result = run("denoise", image_of(with_alpha), {{"sigma", "25"}}).pixels;
  cv::Mat carried, colours;
  cv::extractChannel(result, carried, 3);
  cv::cvtColor(result, colours, cv::COLOR_BGRA2BGR);
  BOOST_TEST(same(carried, alpha));
  BOOST_TEST(same(colours, run("denoise", image_of(damaged), {{"sigma", "25"}}).pixels));

  const cv::Mat clean = sample();
  cv::cvtColor(clean, grey, cv::COLOR_BGR2GRAY);
  const cv::Mat result_grey = run("denoise", image_of(noisy(grey, 25)), {{"sigma", "25"}}).pixels;
  BOOST_TEST(result_grey.type() == CV_8UC1);
  BOOST_TEST(cv::PSNR(result_grey, grey) > cv::PSNR(noisy(grey, 25), grey) + 5);
}

BOOST_AUTO_TEST_CASE(strength_is_a_share_of_what_was_found) {
  const cv::Mat damaged = noisy(sample(), 25);
  BOOST_TEST(same(run("denoise", image_of(damaged), {{"strength", "0"}}).pixels, damaged));
  const cv::Mat whole = run("denoise", image_of(damaged), {{"strength", "1"}}).pixels;
  const cv::Mat half = run("denoise", image_of(damaged), {{"strength", "0.5"}}).pixels;
  cv::Mat expected;
  cv::addWeighted(whole, 0.5, damaged, 0.5, 0, expected);
  BOOST_TEST(cv::norm(half, expected, cv::NORM_L1) / static_cast<double>(half.total()) < 3);
}

BOOST_AUTO_TEST_SUITE_END()
