// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "calotype/error.hpp"
#include "graph.hpp"

namespace calotype::network {

/// For what no engine of ours runs.
[[noreturn]] inline void refuse_node(const Node& node, const std::string& why) {
  throw Error(ErrorCode::unsupported, "cannot run operator " + node.op + " of node \"" + node.name + "\": " + why,
              "choose another engine or export the model with plainer operators");
}

/// For what makes no sense.
[[noreturn]] inline void fail_node(const Node& node, const std::string& why) {
  throw Error(ErrorCode::corrupt, "operator " + node.op + " of node \"" + node.name + "\": " + why,
              "install the model again");
}

}  // namespace calotype::network
