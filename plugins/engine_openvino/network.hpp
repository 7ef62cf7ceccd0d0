// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <openvino/runtime/compiled_model.hpp>

#include "calotype/engine.hpp"
#include "model_file.hpp"

namespace calotype::openvino {

/// Its sessions are requests to one compiled model.
std::shared_ptr<Network> make_network(ov::CompiledModel compiled, Ports ports, NetworkInfo info);

}  // namespace calotype::openvino
