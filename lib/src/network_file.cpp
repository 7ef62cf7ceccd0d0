// SPDX-License-Identifier: Apache-2.0
#include "network_file.hpp"

#include "calotype/error.hpp"

namespace calotype {

NetworkFile read_network_file(const std::filesystem::path& file) {
  const bool onnx = file.extension() == ".onnx";
  if (!onnx && file.extension() != ".tflite")
    throw Error(ErrorCode::unsupported, file.string() + ": networks are read from .onnx and .tflite files",
                "export it as ONNX (torch.onnx.export, tf2onnx)");
  NetworkFile read;
  try {
    read = onnx ? read_onnx_file(file) : read_tflite_file(file);
  } catch (const Error& e) {
    const std::string text = e.what();
    const bool named = text.find(file.string()) != std::string::npos;
    throw Error(e.code(), named ? text : file.string() + ": " + text, e.hint());
  }
  if (read.inputs.empty() || read.outputs.empty())
    throw Error(ErrorCode::corrupt, file.string() + ": no network, or one without inputs or outputs",
                "export it again");
  return read;
}

}  // namespace calotype
