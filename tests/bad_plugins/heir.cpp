// SPDX-License-Identifier: Apache-2.0
#include "same.hpp"

CALOTYPE_PLUGIN("heir", "1", "Apache-2.0", "has a name that another gives up") {
  r.add<Same>({calotype::Kind::backbone, "contested", "Works."});
}
