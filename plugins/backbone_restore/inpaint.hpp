// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <calotype/registry.hpp>

#include "restorer.hpp"

namespace calotype::restore {

class Inpaint : public Backbone {
 public:
  static ElementInfo info();
  Image run(Image image, const Params& params) override;

 private:
  /// In pieces of bounded size; `colours` is written only where the mask is.
  void repair(const cv::Mat& colours, const cv::Mat& mask, std::int64_t max_megabytes, int feather);

  Restorer restorer_;
};

}  // namespace calotype::restore
