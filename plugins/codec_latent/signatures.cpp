// SPDX-License-Identifier: Apache-2.0
#include "signatures.hpp"

#include "calotype/error.hpp"
#include "container.hpp"

namespace calotype::latent {

Signature signature_of(const std::string& part, const EntropyTables& tables) {
  const int m = tables.channels, hyper = tables.hyper_channels;
  if (part == "analysis") return {{{"x", 3}}, {{"y", m, kLatentPixels}}};
  if (part == "hyper_analysis") return {{{"x", 2 * m}}, {{"y", hyper, kHyperCell}}};
  if (part == "hyper_mean") return {{{"x", hyper, kHyperCell}}, {{"y", m}}};
  if (part == "synthesis") return {{{"x", m, kLatentPixels}}, {{"y", 3}}};
  if (part == "synthesis_gradient")
    return {{{"x", m, kLatentPixels}, {"target", 3}}, {{"error", 3}, {"gradient", m, kLatentPixels}}};
  for (int step = 1; step < kSteps; ++step)
    if (part == "context_" + std::to_string(step)) return {{{"x", 2 * m}}, {{"y", m}}};
  throw Error(ErrorCode::internal, "a codec has no network \"" + part + "\"");
}

}  // namespace calotype::latent
