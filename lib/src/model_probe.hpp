// SPDX-License-Identifier: Apache-2.0
// What is found out about a network by running it.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "calotype/model.hpp"

namespace calotype {

class ModelProbe {
 public:
  ModelProbe(const Manifest& manifest, const EngineChoice& choice);

  /// On a drawn picture of these sides.
  const TensorMap& run(const cv::Size& size);
  /// Shapes of the last run, by name.
  const std::map<std::string, std::vector<int>>& fed() const { return fed_; }
  const std::map<std::string, std::vector<int>>& made() const { return made_; }

  /// Of networks that make pictures from pictures of any size: the smallest power of two that sides must be multiples
  /// of, and the scale. Throws what the network throws where it takes none.
  struct Sides {
    int multiple, scale;
  };
  Sides sides();
  /// How far from a sample the picture depends on it, in samples of the input; none where that is too far for tiles, or
  /// where all depends on all.
  std::optional<int> reach(int multiple, int scale);
  /// The scale of a picture made of this one; 0 where it is none of 1 to 4.
  int scale_of(const cv::Size& size) const;

 private:
  cv::Mat picture(const cv::Mat& pixels);
  void feed(const cv::Mat& pixels);

  const Manifest manifest_;
  const std::unique_ptr<Session> session_;
  TensorMap out_;
  std::map<std::string, std::vector<int>> fed_, made_;
};

}  // namespace calotype
