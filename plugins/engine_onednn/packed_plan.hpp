// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "packed_backend.hpp"

namespace calotype::onednn {

/// As Backend::plan().
std::unique_ptr<Plan> make_packed_plan(std::shared_ptr<const PackedBackend> backend, std::vector<network::Shape> shapes,
                                       const std::vector<bool>& wanted);

}  // namespace calotype::onednn
