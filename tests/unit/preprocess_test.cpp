// SPDX-License-Identifier: Apache-2.0
#include "calotype/preprocess.hpp"

#include <cmath>
#include <opencv2/core.hpp>

#include "support.hpp"

using namespace calotype;

namespace {

using Shape = std::vector<int>;

Shape shape_of(const cv::Mat& m) { return {m.size.p, m.size.p + m.dims}; }

std::vector<float> values_of(const cv::Mat& tensor) {
  return {tensor.ptr<float>(), tensor.ptr<float>() + tensor.total()};
}

/// Two pixels: red 255, green 51, blue 0, and black.
cv::Mat two_pixels() {
  cv::Mat pixels(1, 2, CV_8UC3, cv::Scalar::all(0));
  pixels.at<cv::Vec3b>(0, 0) = cv::Vec3b(0, 51, 255);
  return pixels;
}

void check_values(const cv::Mat& tensor, const Shape& shape, const std::vector<float>& expected) {
  BOOST_TEST(shape_of(tensor) == shape, boost::test_tools::per_element());
  const std::vector<float> got = values_of(tensor);
  BOOST_REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) BOOST_CHECK_SMALL(got[i] - expected[i], 1e-5f);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(preprocess)

BOOST_AUTO_TEST_CASE(orders_and_layouts) {
  InputSpec input;
  check_values(to_tensor(two_pixels(), input), {1, 3, 1, 2}, {1, 0, 0.2f, 0, 0, 0});
  input.channels = InputSpec::Channels::bgr;
  check_values(to_tensor(two_pixels(), input), {1, 3, 1, 2}, {0, 0, 0.2f, 0, 1, 0});
  input.channels_last = true;
  check_values(to_tensor(two_pixels(), input), {1, 1, 2, 3}, {0, 0.2f, 1, 0, 0, 0});
  input.channels = InputSpec::Channels::grey;
  check_values(to_tensor(two_pixels(), input), {1, 1, 2, 1}, {0.299f + 0.2f * 0.587f, 0});
}

BOOST_AUTO_TEST_CASE(range_mean_and_deviation) {
  InputSpec input;
  input.range = {-1, 1};
  check_values(to_tensor(two_pixels(), input), {1, 3, 1, 2}, {1, -1, -0.6f, -1, -1, -1});
  input.range = {0, 255};
  input.mean = {5, 1, 0};
  input.deviation = {250, 50, 1};
  check_values(to_tensor(two_pixels(), input), {1, 3, 1, 2}, {1, -0.02f, 1, -0.02f, 0, 0});
}

BOOST_AUTO_TEST_CASE(pictures_of_all_kinds) {
  const InputSpec input;
  check_values(to_tensor(cv::Mat(1, 1, CV_8UC1, cv::Scalar(51)), input), {1, 3, 1, 1}, {0.2f, 0.2f, 0.2f});
  check_values(to_tensor(cv::Mat(1, 1, CV_8UC2, cv::Scalar(51, 9)), input), {1, 3, 1, 1}, {0.2f, 0.2f, 0.2f});
  check_values(to_tensor(cv::Mat(1, 1, CV_16UC4, cv::Scalar(0, 13107, 65535, 9)), input), {1, 3, 1, 1}, {1, 0.2f, 0});
  check_values(to_tensor(cv::Mat(1, 1, CV_32FC3, cv::Scalar(0, 0.2, 2)), input), {1, 3, 1, 1}, {2, 0.2f, 0});
}

BOOST_AUTO_TEST_CASE(there_and_back) {
  cv::Mat pixels(7, 5, CV_32FC3);
  cv::randu(pixels, 0, 1);
  for (const auto channels : {InputSpec::Channels::rgb, InputSpec::Channels::bgr})
    for (const bool last : {false, true}) {
      InputSpec input;
      input.channels = channels;
      input.channels_last = last;
      input.range = {3, -5};
      const cv::Mat back = from_tensor(to_tensor(pixels, input), input, input.range);
      BOOST_TEST(back.type() == pixels.type());
      BOOST_TEST(cv::norm(back, pixels, cv::NORM_INF) < 1e-5);
    }
}

BOOST_AUTO_TEST_CASE(tensors_that_are_no_pictures_are_refused) {
  const auto refused = [](const cv::Mat& tensor) {
    const Error e = error_of([&] { from_tensor(tensor, {}, {}); });
    BOOST_TEST((e.code() == ErrorCode::corrupt));
    BOOST_TEST(!e.hint().empty());
  };
  for (const Shape& shape : {Shape{1, 2, 4, 4}, Shape{2, 3, 4, 4}, Shape{3, 4, 4}, Shape{1, 3}, Shape{1, 5, 4, 3}})
    refused(cv::Mat(shape, CV_32F, cv::Scalar(0)));
  refused({});
  refused(cv::Mat(Shape{1, 3, 4, 4}, CV_32F, cv::Scalar(std::nan(""))));
}

BOOST_AUTO_TEST_SUITE_END()
