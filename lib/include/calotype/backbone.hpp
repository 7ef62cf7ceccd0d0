// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/image.hpp"
#include "calotype/params.hpp"

namespace calotype {

/// Image in, image out: denoise, inpaint, segment, classify, augment, generate. One object, one thread at a time.
class CALOTYPE_API Backbone {
 public:
  virtual ~Backbone();
  /// By value: may work in place when it owns the pixels. Hands on metadata, mask and labels that it does not replace.
  virtual Image run(Image image, const Params& params) = 0;
};

}  // namespace calotype
