// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "calotype/signature.hpp"
#include "latent_model.hpp"

namespace calotype::latent {

/// What the codec counts on in each of a model's networks, whose channels its tables say.
Signature signature_of(const std::string& part, const EntropyTables& tables);

}  // namespace calotype::latent
