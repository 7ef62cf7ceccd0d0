// SPDX-License-Identifier: Apache-2.0
#include "engine.hpp"

extern "C" __attribute__((visibility("default"))) calotype::Engine* calotype_make_cudnn_engine() {
  return new calotype::CudnnEngine;
}
