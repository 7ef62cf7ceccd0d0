// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "session.hpp"

namespace calotype::onednn {

/// On oneDNN, in fp32: also what our own kernels do not do, such as groups. Takes the weights out of `program`. Throws
/// unsupported naming operator and node.
std::shared_ptr<const Backend> make_onednn_backend(std::shared_ptr<network::Program> program);

}  // namespace calotype::onednn
