// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "session.hpp"

namespace calotype::onednn {

/// On kernels of our own: in fp32, or in bf16 on CPUs that multiply it (kernels::unit()). Takes the weights out of
/// `program`. Throws unsupported naming operator and node, and leaves them there.
std::shared_ptr<const Backend> make_packed_backend(std::shared_ptr<network::Program> program, bool in_fp32);

}  // namespace calotype::onednn
