// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/plugin.hpp"

/// Returns its input.
class Same : public calotype::Backbone {
  calotype::Image run(calotype::Image image, const calotype::Params&) override { return image; }
};
