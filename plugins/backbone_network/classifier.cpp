// SPDX-License-Identifier: Apache-2.0
#include "classifier.hpp"

#include <algorithm>
#include <calotype/error.hpp>
#include <cmath>
#include <numeric>
#include <opencv2/core.hpp>
#include <sstream>

#include "fit.hpp"

namespace calotype::foreign {
namespace {

std::vector<std::string> names_of_classes(const Model& model) {
  if (!model.manifest().parts.count("labels")) return {};
  const FileView file = model.read("labels");
  std::istringstream lines(std::string(file.data(), file.data() + file.size()));
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) names.push_back(line);
  return names;
}

void make_probabilities(std::vector<double>& logits) {
  const double most = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (double& value : logits) sum += value = std::exp(value - most);
  for (double& value : logits) value /= sum;
}

/// Where a score is missing or no number, there is no answer.
std::vector<double> scores_of(const TensorMap& made, const Manifest& manifest) {
  const auto& [meaning, name] = *manifest.outputs.begin();
  const auto answer = made.find(name);
  const bool sound = answer != made.end() && !answer->second.empty() && answer->second.isContinuous() &&
                     answer->second.type() == CV_32F && cv::checkRange(answer->second.reshape(1, 1));
  if (!sound)
    throw Error(ErrorCode::corrupt, "the network of model " + manifest.id + " gives no scores as \"" + name + "\"",
                "check [output] in its model.ini, or use precision=fp32");
  const cv::Mat row = answer->second.reshape(1, 1);
  std::vector<double> scores(row.begin<float>(), row.end<float>());
  if (meaning == "logits") make_probabilities(scores);
  return scores;
}

}  // namespace

std::vector<Label> classify(Session& session, const Model& model, const cv::Mat& pixels, int top) {
  const InputSpec& input = model.manifest().input;
  TensorMap made;
  session.run({{input.name, to_tensor(fitted(pixels, input), input)}}, made);
  const std::vector<double> scores = scores_of(made, model.manifest());
  const std::vector<std::string> names = names_of_classes(model);
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  const auto end = order.begin() + std::min<std::ptrdiff_t>(top, static_cast<std::ptrdiff_t>(order.size()));
  std::partial_sort(order.begin(), end, order.end(),
                    [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  std::vector<Label> labels;
  for (auto at = order.begin(); at != end; ++at)
    labels.push_back({*at < names.size() ? names[*at] : "class " + std::to_string(*at), scores[*at]});
  return labels;
}

}  // namespace calotype::foreign
