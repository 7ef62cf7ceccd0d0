// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "layout.hpp"
#include "network/program.hpp"

namespace calotype::cudnn {

/// Where everything lies in one block of device memory while a program runs at given shapes.
struct Plan {
  std::vector<network::Shape> shapes;  ///< of each value
  std::vector<std::size_t> offsets;    ///< of each value, bytes
  std::size_t magnitude = 0;           ///< room for the largest input that is read by its magnitude
  std::size_t total = 0;
};

/// Elements that a value takes with its padding.
inline std::size_t padded_elements(const network::Shape& s) {
  return network::elements({s[0], padded(s[1]), s[2], s[3]});
}

/// Throws engine where shapes do not fit together, limit where one would be too large.
Plan plan(const network::Program& program, const std::vector<network::Shape>& inputs, std::size_t element_size);

/// Throws limit, saying how much there is, where a run needs more device memory than that.
void check_room(std::size_t needed, std::size_t available);

}  // namespace calotype::cudnn
