// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <calotype/image.hpp>
#include <calotype/model.hpp>
#include <string>

/// Its facts and parts, on several lines, or as one JSON object.
void print_model(const calotype::Model& model, bool json);

/// What the element `network` makes of a picture with the model of this name or folder; only for tasks that it runs,
/// see runs_in_network().
calotype::Image run_in_network(const std::string& model, const calotype::EngineChoice& choice, calotype::Image image);
bool runs_in_network(const calotype::Manifest& manifest);
