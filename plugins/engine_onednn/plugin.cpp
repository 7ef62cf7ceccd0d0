// SPDX-License-Identifier: Apache-2.0
#include "calotype/plugin.hpp"

#include "calotype/version.hpp"
#include "engine.hpp"

CALOTYPE_PLUGIN("engine_onednn", CALOTYPE_VERSION, "Apache-2.0", "fast networks on CPUs") {
  r.add<calotype::OnednnEngine>({calotype::Kind::engine,
                                 "onednn",
                                 "Runs networks on vectors, in bf16 on CPUs with AMX or AVX512_BF16, and with oneDNN.",
                                 {},
                                 {},
                                 20,
                                 {}});
}
