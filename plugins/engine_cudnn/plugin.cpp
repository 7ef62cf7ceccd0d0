// SPDX-License-Identifier: Apache-2.0
#include "calotype/plugin.hpp"

#include "calotype/version.hpp"
#include "late_engine.hpp"

CALOTYPE_PLUGIN("engine_cudnn", CALOTYPE_VERSION, "Apache-2.0", "networks on NVIDIA GPUs through cuDNN") {
  r.add<calotype::LateCudnnEngine>(
      {calotype::Kind::engine, "cudnn", "Runs networks on NVIDIA GPUs with cuDNN.", {}, {}, 30, {}});
}
