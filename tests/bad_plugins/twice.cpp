// SPDX-License-Identifier: Apache-2.0
#include "same.hpp"

CALOTYPE_PLUGIN("twice", "1", "Apache-2.0", "uses one name twice") {
  r.add<Same>({calotype::Kind::backbone, "twin", "First."});
  r.add<Same>({calotype::Kind::backbone, "twin", "Second."});
}
