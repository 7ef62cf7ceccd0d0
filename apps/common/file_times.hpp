// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <ctime>
#include <string>

/// When the file was last modified. Throws not_found, io.
timespec modification_time(const std::string& path);
/// The time of access stays. Does nothing for devices and pipes. Throws io.
void set_modification_time(const std::string& path, const timespec& time);
