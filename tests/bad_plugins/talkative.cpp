// SPDX-License-Identifier: Apache-2.0
#include "same.hpp"

CALOTYPE_PLUGIN("talkative", "1", "Apache-2.0", "logs while it registers") {
  calotype::log(calotype::LogLevel::info, "hello from a plugin");
  r.add<Same>({calotype::Kind::backbone, "talkative", "Works."});
}
