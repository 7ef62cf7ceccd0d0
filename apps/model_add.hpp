// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <calotype/model.hpp>
#include <vector>

#include "common/options.hpp"

/// What `model add` understands beside --json, --engine and --device.
std::vector<Option> model_add_options();
/// A network's file, or a folder with one, becomes a model of this user.
void model_add(const std::string& file, const Arguments& arguments, const calotype::EngineChoice& choice);
