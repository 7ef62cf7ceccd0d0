// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <calotype/params.hpp>
#include <functional>
#include <string>
#include <vector>

#include "common/files.hpp"
#include "common/options.hpp"

/// What denoise, deblock and inpaint share: each runs the backbone of its own name on every picture, and writes the
/// result to a file of another name.
std::vector<Option> restore_options(const std::string& backbone);
/// `suffix`: photo.jpg becomes photo.SUFFIX.png beside it. `of_one_file`: parameters for this file alone. `left_out`: a
/// folder that holds no inputs.
/// Returns the exit status.
int restore(const std::string& backbone, const std::string& suffix, const Arguments& arguments,
            const std::function<calotype::RawParams(const Job&)>& of_one_file = {}, const std::string& left_out = {});
