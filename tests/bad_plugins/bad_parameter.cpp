// SPDX-License-Identifier: Apache-2.0
#include "same.hpp"

CALOTYPE_PLUGIN("bad_parameter", "1", "Apache-2.0", "a fallback outside its own range") {
  r.add<Same>({calotype::Kind::backbone, "bad_parameter", "", {}, {}, 0, {{"level", 9.0, "", 0, 5}}});
}
