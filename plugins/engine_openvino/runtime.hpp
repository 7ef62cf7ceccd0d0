// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <openvino/frontend/manager.hpp>
#include <openvino/openvino.hpp>
#include <string>

namespace calotype::openvino {

/// OpenVINO's devices and readers of files. Never destroyed: networks live as long as the process.
struct Runtime {
  ov::Core core;
  ov::frontend::FrontEndManager readers;
};

Runtime& runtime();

/// The last line of what OpenVINO says, the others being where in its sources it said so. Throws bad_alloc where that
/// is the reason.
std::string reason(const ov::Exception& e);

}  // namespace calotype::openvino
