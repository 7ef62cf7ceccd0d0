// SPDX-License-Identifier: Apache-2.0
// Steps that look at more than one pixel and are no convolutions, on views of floats or bf16; sums are in fp32.
#pragma once
#include "network/program.hpp"
#include "view.hpp"

namespace calotype::onednn {

/// Any step but convolutions, pointwise ones, concatenations and shuffles, without its post operations.
void spatial(const network::Step& step, const View& in, const View& out);
/// Whether spatial() does it.
bool is_spatial(const network::Step& step);

/// Where input number `index` of a concatenation lies in its result; `before`: the sides of those in front of it, along
/// the axis, together.
View part_of(const View& out, const network::Step& step, int before, const View& in);

}  // namespace calotype::onednn
