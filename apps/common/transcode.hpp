// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <calotype/params.hpp>
#include <functional>
#include <string>
#include <vector>

#include "common/files.hpp"
#include "common/options.hpp"

/// What all verbs that turn pictures into pictures share: decode each input, encode it again, write it. Restoration has
/// a backbone between.
struct Transcode {
  std::string decoder;         ///< inputs must be of this format; empty: any
  std::string encoder;         ///< name or extension; empty: by the output's extension
  std::string extension;       ///< of outputs that -o does not name
  calotype::RawParams params;  ///< each goes to the decoder, the encoder or both, whichever declares it
  std::string backbone = {};   ///< between the two; empty: none
  std::function<calotype::RawParams(const Job&)> backbone_params = {};
  std::string suffix = {}, left_out = {};  ///< see JobRules
};

/// Those of batches and of rules.
std::vector<Option> transcode_options();
/// -p KEY=VALUE, for verbs that write any format.
Option param_option();
/// What -p and --threads say.
calotype::RawParams format_params(const Arguments& arguments);
/// That, and the options that are an element's own parameters; these win.
calotype::RawParams all_params(const std::vector<Option>& own, const Arguments& arguments);
/// Returns the exit status, as run_batch() does.
int transcode(const std::string& verb, Transcode plan, const Arguments& arguments);
