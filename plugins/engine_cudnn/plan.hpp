// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "layout.hpp"

namespace calotype::cudnn {

/// Where everything lies in device memory while a program runs at given shapes.
struct Plan {
  std::vector<network::Shape> shapes;     ///< of each value
  std::vector<std::size_t> offsets;       ///< of each value, bytes
  std::size_t scratch = 0;                ///< room for what the hungriest step makes on its way
  std::size_t total = 0;                  ///< bytes of all that
  std::vector<std::size_t> tables;        ///< of each step, in a block of its own; unused where it has none
  std::vector<std::uint8_t> table_bytes;  ///< which holds this
};

/// Throws engine where shapes do not fit together, limit where one would be too large.
Plan plan(const network::Program& program, const std::vector<network::Shape>& inputs, std::size_t element_size);

/// Throws limit, saying how much there is, where a run needs more device memory than that.
void check_room(std::size_t needed, std::size_t available);

}  // namespace calotype::cudnn
