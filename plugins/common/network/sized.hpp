// SPDX-License-Identifier: Apache-2.0
// Networks of which something depends on the size of their input: one is made for each size, when it is first seen.
#pragma once
#include <functional>

#include "calotype/engine.hpp"
#include "graph.hpp"

namespace calotype::network {

/// Makes an engine's network of a folded graph. Called again for other sizes, from several threads.
using Maker = std::function<std::shared_ptr<Network>(Graph)>;

/// Reads and folds an ONNX file. Throws what the reader, fold() and `make` throw; for networks that depend on sizes the
/// engine is asked for one of the size that the file declares, or of 224 x 224 pixels. `info`: where these do not fit,
/// what is said of the network.
std::shared_ptr<Network> load_folded(const std::filesystem::path& file, const NetworkInfo& info, const Maker& make);

}  // namespace calotype::network
