// SPDX-License-Identifier: Apache-2.0
#include "common/models.hpp"

#include <calotype/registry.hpp>
#include <filesystem>

#include "common/console.hpp"

using namespace calotype;

void print_model(const Model& model, bool json) {
  const Manifest& manifest = model.manifest();
  std::uintmax_t total = 0;
  std::vector<Json> parts;
  std::vector<std::string> lines;
  for (const auto& [name, part] : manifest.parts) {
    std::error_code missing;
    const std::uintmax_t size = std::filesystem::file_size(part.file, missing);
    if (!missing) total += size;
    parts.push_back(Json::object({{"name", name}, {"file", part.file.string()}, {"bytes", missing ? 0 : size}}));
    lines.push_back("  " + padded(name, 14) + (missing ? "missing" : human_size(static_cast<double>(size))) + "  " +
                    part.file.string());
  }
  Json::Members outputs;
  for (const auto& [meaning, name] : manifest.outputs) {
    outputs.push_back({meaning, name});
    lines.push_back("  " + padded("output", 14) + name + ": " + meaning);
  }
  if (json)
    return print_json(Json::object({{"model", manifest.id},
                                    {"task", manifest.task},
                                    {"version", manifest.version},
                                    {"license", manifest.license},
                                    {"source", manifest.source},
                                    {"precisions", manifest.precisions},
                                    {"bytes", total},
                                    {"outputs", Json::object(outputs)},
                                    {"parts", Json::array(parts)}}));
  print("model " + manifest.id + (manifest.version.empty() ? "" : " " + manifest.version) + ": " + manifest.task +
        ", " + joined(manifest.precisions) + ", " + human_size(static_cast<double>(total)) +
        (manifest.license.empty() ? "" : ", " + manifest.license));
  for (const std::string& line : lines) print(line);
}

bool runs_in_network(const Manifest& manifest) { return manifest.task == "image" || manifest.task == "classify"; }

Image run_in_network(const std::string& model, const EngineChoice& choice, Image image) {
  Registry& registry = Registry::global();
  const Params params = Params::validated(
      registry.describe(Kind::backbone, "network").element.params,
      {{"model", model}, {"engine", choice.engine}, {"device", choice.device}, {"precision", choice.precision}},
      "network");
  return registry.backbone("network")->run(std::move(image), params);
}
