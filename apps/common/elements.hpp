// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <calotype/params.hpp>
#include <calotype/registry.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/options.hpp"

/// A parameter's sentence with its type, range and default.
std::string documentation(const calotype::ParamSpec& spec);
/// One option per parameter of an element: names, ranges and documentation stay where the plugin declared them.
std::vector<Option> element_options(calotype::Kind kind, const std::string& name,
                                    const std::map<std::string, char>& letters = {});
/// Those of them that were given.
calotype::RawParams element_params(const std::vector<Option>& options, const Arguments& arguments);

bool declares(const calotype::ElementInfo& element, const std::string& parameter);
/// Such an element keeps all cores, or a device, busy.
bool runs_networks(const calotype::ElementInfo& element);
/// Of the files that this decoder reads, or with an empty name any.
std::set<std::string> decoder_extensions(const std::string& decoder = {});

/// --threads for verbs whose element has no such parameter.
Option threads_option();
/// OpenCV's own share of --threads.
void set_threads(const Arguments& arguments);
