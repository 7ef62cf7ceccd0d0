// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <calotype/model.hpp>
#include <memory>
#include <opencv2/core/mat.hpp>
#include <string>

namespace calotype::restore {

/// A network that says what is wrong with a picture (training/restore/model.py): three colours and a condition in, what
/// to subtract out. One thread at a time.
class Restorer {
 public:
  /// Keeps what is loaded while model and choice stay the same.
  void open(const std::string& model, const EngineChoice& choice);
  const Manifest& manifest() const { return model_->manifest(); }

  /// The picture less `strength` times what is wrong with it; `pixels` as Image::pixels, alpha is handed on.
  /// `condition` is CV_32F, one value for all or of the picture's size.
  cv::Mat run(const cv::Mat& pixels, const cv::Mat& condition, double strength, const TilePlan& tiles);
  /// The same condition for all, with the parameters strength and max-memory.
  cv::Mat run(const cv::Mat& pixels, double condition, const Params& params);

 private:
  std::string name_;
  EngineChoice choice_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Session> session_;
};

}  // namespace calotype::restore
