// SPDX-License-Identifier: Apache-2.0
#include "same.hpp"

CALOTYPE_PLUGIN("liar", "1", "Apache-2.0", "does not supply what its sidecar says") {
  r.add<Same>({calotype::Kind::backbone, "extra", "Was not promised."});
}
