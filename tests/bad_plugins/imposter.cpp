// SPDX-License-Identifier: Apache-2.0
#include "same.hpp"

CALOTYPE_PLUGIN("imposter", "1", "Apache-2.0", "takes a name that is taken") {
  r.add<Same>({calotype::Kind::backbone, "good", "Comes too late."});
  r.add<Same>({calotype::Kind::backbone, "honest", "Works."});
}
