// SPDX-License-Identifier: Apache-2.0
#include "same.hpp"

CALOTYPE_PLUGIN("throws", "1", "Apache-2.0", "fails while it registers") {
  r.add<Same>({calotype::Kind::backbone, "throws", "Is never seen."});
  throw std::runtime_error("no licence key");
}
