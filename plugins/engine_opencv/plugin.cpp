// SPDX-License-Identifier: Apache-2.0
#include "calotype/plugin.hpp"

#include "calotype/version.hpp"
#include "engine.hpp"

CALOTYPE_PLUGIN("engine_opencv", CALOTYPE_VERSION, "Apache-2.0", "networks through OpenCV's dnn module") {
  r.add<calotype::OpencvEngine>({calotype::Kind::engine, "opencv", "Runs networks with OpenCV.", {}, {}, 10, {}});
}
