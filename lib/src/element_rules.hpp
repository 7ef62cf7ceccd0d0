// SPDX-License-Identifier: Apache-2.0
// What a plugin may say of its elements, when it registers them and in its sidecar.
#pragma once
#include <string>

#include "calotype/registry.hpp"

namespace calotype {

/// What is wrong with it; "" where nothing is.
std::string complaint_about(const ElementInfo& info);
/// Of which there can be only one.
inline bool same_element(const ElementInfo& a, const ElementInfo& b) { return a.kind == b.kind && a.name == b.name; }

}  // namespace calotype
