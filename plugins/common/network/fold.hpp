// SPDX-License-Identifier: Apache-2.0
// A graph as exporters write it, turned into the plain one that engines know.
#pragma once
#include <map>
#include <string>

#include "graph.hpp"

namespace calotype::network {

/// Evaluates what depends on constants and sizes alone; takes normalisations into the convolutions before them, and
/// matrices into convolutions; rewrites nodes so that everything about them stands in their attributes, as fuse() reads
/// them. Values have four dimensions afterwards, N,C,H,W; those of two are N,C,1,1.
///
/// `sizes`: dimensions of the inputs, -1 for sides that the graph is to leave free. Returns whether it could: otherwise
/// something depends on a free side, and the graph has to be folded again for sizes that are known. What cannot be
/// rewritten stays as it is, and fuse() refuses it by name. Throws corrupt for shapes that contradict each other, limit
/// for what is too large.
bool fold(Graph& graph, const std::map<std::string, Dims>& sizes);

/// The file's own dimensions with batches free, and of four dimensions rows and columns too.
std::map<std::string, Dims> free_sizes(const Graph& graph);

}  // namespace calotype::network
