// SPDX-License-Identifier: Apache-2.0
// ONNX files that another library is going to read and to compute.
#pragma once
#include <filesystem>
#include <memory>

#include "program.hpp"

namespace calotype::network {

/// What such a library is about to compute, without weights, or nullptr for networks of operators that only it knows.
/// It takes numbers that make no sense as they come; who reads them here refuses them: throws corrupt, not_found.
std::shared_ptr<const Program> checked_program(const std::filesystem::path& onnx);

}  // namespace calotype::network
