// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <openvino/runtime/compiled_model.hpp>

#include "calotype/engine.hpp"
#include "model_file.hpp"

namespace calotype::openvino {

using Compile = std::function<ov::CompiledModel(const std::shared_ptr<ov::Model>&)>;

/// `compiled`: what `compile` has made of `read`; it is called again when sizes come that the file does not allow.
std::shared_ptr<Network> make_network(ov::CompiledModel compiled, ModelFile read, Compile compile, NetworkInfo info);

}  // namespace calotype::openvino
