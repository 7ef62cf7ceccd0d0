// SPDX-License-Identifier: Apache-2.0
// What every verb that reads pictures lets people say about limits, losses and colours.
#pragma once
#include <calotype/io.hpp>
#include <vector>

#include "common/json.hpp"
#include "common/options.hpp"

/// --max-pixels, --strict, --lenient, --color.
std::vector<Option> rules_options();
calotype::Rules rules(const Arguments& arguments);

/// An array of {"kind", "detail"}.
Json losses_json(const calotype::Losses& lost);
