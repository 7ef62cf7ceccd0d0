// SPDX-License-Identifier: Apache-2.0
#include <calotype/plugin.hpp>

#include "network.hpp"

CALOTYPE_PLUGIN("backbone_network", "1.0", "Apache-2.0", "Runs networks that others made") {
  r.add<calotype::foreign::NetworkElement>(calotype::foreign::NetworkElement::info());
}
