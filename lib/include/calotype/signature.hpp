// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "calotype/engine.hpp"

namespace calotype {

/// A network's inputs and outputs, as whoever runs it counts on them.
struct Signature {
  struct Port {
    std::string name;
    int channels = 0;
    int cell = 1;  ///< side of its samples, in a unit that all ports share: H times cell is the same for all, and W
  };
  std::vector<Port> inputs, outputs;
};

/// Runs `session`, and hands on no outputs but those of the signature, continuous and in the form asked for
/// (engine.hpp): models come from anywhere, and who runs them reads as many numbers as are due. Throws corrupt naming
/// `network` where others come back, internal where the inputs are not those of the signature.
CALOTYPE_API std::unique_ptr<Session> held_to(Signature signature, std::unique_ptr<Session> session,
                                              std::string network);

}  // namespace calotype
