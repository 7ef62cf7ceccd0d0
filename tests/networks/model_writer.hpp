// SPDX-License-Identifier: Apache-2.0
// Models that tests make for themselves.
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "calotype/image.hpp"
#include "records_writer.hpp"

/// Files by the name of their part; `entropy` is no network.
using ModelParts = std::map<std::string, calotype::Bytes>;

/// A folder with a model.ini that has all checksums.
void write_model(const std::filesystem::path& folder, const std::string& task, const ModelParts& parts, int halo = 16);

/// What a network of tiny_codec() or tiny_restorer() looks like, and may look like instead.
struct NetworkShape {
  std::string op;  ///< Conv or ConvTranspose
  int inputs, outputs, kernel;
  std::string output = "y";
};
/// One convolution with a stride as long as its kernel.
calotype::Bytes tiny_network(const NetworkShape& shape);

/// A codec with all its networks, of four channels.
std::map<std::string, NetworkShape> tiny_codec_networks();
/// error = target - synthesis(x), and a gradient of some kind, of four channels where all is well.
calotype::Bytes tiny_gradient(int channels);
/// `hyper_shuffles`: 2 make the four latents of a hyper-latent, each way.
RecordsWriter tiny_codec_tables(int hyper_shuffles = 2);
ModelParts tiny_codec();
/// A network that takes away a little of everything.
ModelParts tiny_restorer();
