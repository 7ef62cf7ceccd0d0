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
  Restorer restorer_;
};

}  // namespace calotype::restore
