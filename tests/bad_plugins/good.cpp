// SPDX-License-Identifier: Apache-2.0
#include "same.hpp"

CALOTYPE_PLUGIN("good", "1", "Apache-2.0", "what a plugin should be") {
  r.add<Same>({calotype::Kind::backbone, "good", "Works."});
}
