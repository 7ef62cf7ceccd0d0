// SPDX-License-Identifier: Apache-2.0
#include "same.hpp"

CALOTYPE_PLUGIN("bad_element", "1", "Apache-2.0", "an element with an impossible name") {
  r.add<Same>({calotype::Kind::backbone, "Bad Element", "A name is lower case."});
}
