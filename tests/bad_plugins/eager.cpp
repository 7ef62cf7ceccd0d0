// SPDX-License-Identifier: Apache-2.0
#include "same.hpp"

CALOTYPE_PLUGIN("eager", "1", "Apache-2.0", "good, but its sidecar is malformed") {
  r.add<Same>({calotype::Kind::backbone, "eager", "Works."});
}
