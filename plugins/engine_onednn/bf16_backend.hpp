// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "session.hpp"

namespace calotype::onednn {

/// For CPUs that multiply bf16 (kernels::unit()). Takes the weights out of `program`. Throws unsupported naming
/// operator and node.
std::shared_ptr<const Backend> make_bf16_backend(std::shared_ptr<network::Program> program);

}  // namespace calotype::onednn
