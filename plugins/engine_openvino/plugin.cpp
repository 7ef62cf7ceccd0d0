// SPDX-License-Identifier: Apache-2.0
#include "calotype/plugin.hpp"

#include "calotype/version.hpp"
#include "engine.hpp"

CALOTYPE_PLUGIN("engine_openvino", CALOTYPE_VERSION, "Apache-2.0", "networks on CPUs and Intel GPUs through OpenVINO") {
  r.add<calotype::OpenvinoEngine>(
      {calotype::Kind::engine, "openvino", "Runs networks with Intel's OpenVINO.", {}, {}, 15, {}});
}
