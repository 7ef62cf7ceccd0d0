// SPDX-License-Identifier: Apache-2.0
// A transposed convolution of stride s is s x s ordinary ones, each of which makes every s-th pixel of every s-th row.
#pragma once
#include <array>
#include <vector>

#include "network/program.hpp"

namespace calotype::onednn {

/// An ordinary convolution of stride 1 that makes the outputs at some of the s x s positions. Its channel p * outputs +
/// o goes to channel o of pixel (s y + positions[p][0], s x + positions[p][1]).
struct Phase {
  std::array<int, 2> kernel, before;  ///< `before`: zero rows and columns above and to the left of the input
  std::vector<std::array<int, 2>> positions;

  /// The tap y, x of this kernel in the step's, as an index into one of its kernels; -1 where it has none.
  int tap(const network::Step& transposed, const std::array<int, 2>& position, int y, int x) const;
};

/// The weights of a phase, as an ordinary convolution has them: positions * outputs, inputs, kernel[0], kernel[1].
network::Constant weights(const network::Step& transposed, const Phase& phase);

/// Positions that read the same inputs come together; where the channels are few, all of them.
std::vector<Phase> phases(const network::Step& transposed);

}  // namespace calotype::onednn
