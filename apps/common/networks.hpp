// SPDX-License-Identifier: Apache-2.0
// What ran the networks of this process, for -v and JSON.
#pragma once
#include <string>

#include "common/json.hpp"

Json networks_json();
/// ", ENGINE on DEVICE in PRECISION" for each; empty when none has run.
std::string networks_text();
