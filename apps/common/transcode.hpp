// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <calotype/params.hpp>
#include <string>
#include <vector>

#include "common/options.hpp"

/// What compress, decompress and convert share: decode each input, encode it, write it, report it.
struct Transcode {
  std::string decoder;         ///< inputs must be of this format; empty: any
  std::string encoder;         ///< name or extension; empty: by the output's extension
  std::string extension;       ///< of outputs that -o does not name
  calotype::RawParams params;  ///< each goes to the decoder, the encoder or both, whichever declares it
};

/// -o, --overwrite, --recursive, --max-pixels, --json.
std::vector<Option> transcode_options();
/// A failed file is reported and the rest done; returns the exit status of the first failure.
int transcode(const std::string& verb, const Transcode& plan, const Arguments& arguments);
