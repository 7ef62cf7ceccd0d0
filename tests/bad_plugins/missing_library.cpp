// SPDX-License-Identifier: Apache-2.0
#include "same.hpp"

extern "C" int gone();

CALOTYPE_PLUGIN("missing_library", "1", "Apache-2.0", "needs a library that is not there") {
  if (gone() == 0) r.add<Same>({calotype::Kind::backbone, "missing_library", ""});
}
