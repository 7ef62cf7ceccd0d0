// SPDX-License-Identifier: Apache-2.0
// Where elements of a result come from, by row and column or by all four sides: what sizes decide.
#pragma once
#include "layout.hpp"

namespace calotype::cudnn {

/// Of a resize: the samples of each row, then those of each column.
std::vector<network::Sample> sample_table(const network::Step& step, const network::Shape& in,
                                          const network::Shape& out);

/// Of padding or a slice: the source of each image, channel, row and column, one after the other.
std::vector<int> pick_table(const network::Step& step, const network::Shape& in, const network::Shape& out);

}  // namespace calotype::cudnn
