// SPDX-License-Identifier: Apache-2.0
#include "calotype/signature.hpp"

#include <functional>
#include <opencv2/core.hpp>

#include "support.hpp"

using namespace calotype;

namespace {

cv::Mat tensor(const std::vector<int>& shape) { return cv::Mat(shape, CV_32F, cv::Scalar(0)); }

/// A network in plain code.
class Scripted : public Session {
 public:
  explicit Scripted(std::function<void(TensorMap&)> script) : script_(std::move(script)) {}
  void run(const TensorMap&, TensorMap& out) override { script_(out); }

 private:
  std::function<void(TensorMap&)> script_;
};

/// From 2 channels of 5x7 cells of 4x4 to 3 channels and to 1.
const Signature kSignature = {{{"x", 2, 4}}, {{"y", 3}, {"z", 1, 2}}};
const std::vector<int> kY = {1, 3, 20, 28}, kZ = {1, 1, 10, 14};

/// Runs a network that leaves `made`, where `asked` is asked for.
TensorMap run(const TensorMap& made, TensorMap asked = {}, const cv::Mat& x = tensor({1, 2, 5, 7})) {
  const auto session = held_to(kSignature, std::make_unique<Scripted>([&](TensorMap& out) {
                                 for (const auto& [name, value] : made) out[name] = value;
                               }),
                               "model/part");
  session->run({{"x", x}}, asked);
  return asked;
}

void check_refused(const TensorMap& made, const std::string& why, const TensorMap& asked = {}) {
  const Error e = error_of([&] { run(made, asked); });
  BOOST_TEST((e.code() == ErrorCode::corrupt));
  check_contains(e.what(), "\"model/part\"");
  check_contains(e.what(), why);
  BOOST_TEST(!e.hint().empty());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(signature)

BOOST_AUTO_TEST_CASE(what_is_due_is_handed_on) {
  BOOST_TEST(run({{"y", tensor(kY)}, {"z", tensor(kZ)}}).size() == 2u);
  const cv::Mat last = tensor({1, 1, 1}), picture(20, 28, CV_8UC1);
  run({{"y", tensor({20, 28, 3})}, {"z", tensor({10, 14, 1})}}, {{"y", last}, {"z", last}});
  run({{"y", picture}, {"z", tensor(kZ)}}, {{"y", picture}});
}

BOOST_AUTO_TEST_CASE(other_outputs_are_refused) {
  check_refused({{"y", tensor({1, 1, 20, 28})}, {"z", tensor(kZ)}}, "1x1x20x28 as output \"y\" where 1x3x20x28");
  check_refused({{"y", tensor({1, 4, 20, 28})}, {"z", tensor(kZ)}}, "1x4x20x28");
  check_refused({{"y", tensor(kY)}, {"z", tensor({1, 1, 20, 28})}}, "1x1x20x28 as output \"z\"");
  check_refused({{"y", tensor({2, 3, 20, 28})}, {"z", tensor(kZ)}}, "2x3x20x28");
  check_refused({{"y", tensor({1, 3, 20, 28, 1})}, {"z", tensor(kZ)}}, "\"y\"");
  check_refused({{"y", tensor({3, 560})}, {"z", tensor(kZ)}}, "\"y\"");
  check_refused({{"y", tensor(kY)}}, "no output \"z\"");
  check_refused({{"y", tensor(kY)}, {"z", tensor(kZ)}, {"w", tensor(kZ)}}, "w, y, z");
}

BOOST_AUTO_TEST_CASE(other_forms_than_were_asked_for_are_refused) {
  check_refused({{"y", tensor({20, 28, 3})}, {"z", tensor(kZ)}}, "\"y\"");
  check_refused({{"y", tensor(kY)}, {"z", tensor(kZ)}}, "\"y\"", {{"y", tensor({1, 1, 1})}});
  check_refused({{"y", cv::Mat(20, 28, CV_16UC3)}, {"z", tensor(kZ)}}, "\"y\"", {{"y", cv::Mat(20, 28, CV_8UC3)}});
  check_refused({{"y", cv::Mat(kY, CV_64F)}, {"z", tensor(kZ)}}, "\"y\"");
  const cv::Mat wide = tensor({1, 3, 20, 40});
  const std::vector<cv::Range> part = {cv::Range::all(), cv::Range::all(), cv::Range::all(), {0, 28}};
  check_refused({{"y", wide(part)}, {"z", tensor(kZ)}}, "\"y\"");
}

BOOST_AUTO_TEST_CASE(other_inputs_are_the_callers_mistake) {
  const TensorMap made = {{"y", tensor(kY)}, {"z", tensor(kZ)}};
  for (const cv::Mat& x : {tensor({1, 3, 5, 7}), cv::Mat(), cv::Mat(5, 7, CV_8UC3)})
    BOOST_TEST((error_of([&] { run(made, {}, x); }).code() == ErrorCode::internal));
}

BOOST_AUTO_TEST_SUITE_END()
