// SPDX-License-Identifier: Apache-2.0
#include "metadata_props.hpp"

#include "text.hpp"

namespace calotype {
namespace {

constexpr struct {
  const char *property, *value, *key, *meaning;  // value and meaning: null where it is taken over
} kProperties[] = {
    {"model_license", nullptr, "model.license", nullptr},
    {"model_author", nullptr, "model.source", nullptr},
    {"Image.BitmapPixelFormat", "Gray8", "input.channels", "grey"},
    {"Image.BitmapPixelFormat", "Rgb8", "input.channels", "rgb"},
    {"Image.BitmapPixelFormat", "Bgr8", "input.channels", "bgr"},
    {"Image.NominalPixelRange", "NominalRange_0_255", "input.range", "0..255"},
    {"Image.NominalPixelRange", "Normalized_0_1", "input.range", "0..1"},
    {"Image.NominalPixelRange", "Normalized_1_1", "input.range", "-1..1"},
    {"Image.NominalPixelRange", "NominalRange_16_235", "input.range", "16..235"},
    {"license", nullptr, "model.license", nullptr},
    {"author", nullptr, "model.source", nullptr},
    {"task", "classify", "model.task", "classify"},
    {"task", "detect", "model.task", "detect"},
};

bool is_own_key(const std::string& name) {
  for (const char* section : {"model.", "input.", "output.", "tile.", "engine."})
    if (name.rfind(section, 0) == 0 && name != "model.id") return true;
  return false;
}

/// The strings in the text of a Python dictionary.
std::vector<std::string> quoted_in(const std::string& text) {
  std::vector<std::string> found;
  for (std::size_t at = 0; (at = text.find_first_of("'\"", at)) != std::string::npos; ++at) {
    const std::size_t end = text.find(text[at], at + 1);
    if (end == std::string::npos) break;
    found.push_back(text.substr(at + 1, end - at - 1));
    at = end;
  }
  return found;
}

}  // namespace

std::map<std::string, std::string> manifest_keys(const MetadataProps& metadata) {
  std::map<std::string, std::string> keys;
  for (const auto& [name, value] : metadata)
    if (is_own_key(name)) keys[name] = value;
  for (const auto& known : kProperties) {
    const auto property = metadata.find(known.property);
    if (property == metadata.end() || (known.value && property->second != known.value)) continue;
    keys.insert({known.key, known.meaning ? known.meaning : property->second});
  }
  return keys;
}

std::vector<std::string> labels_in(const MetadataProps& metadata) {
  if (const auto labels = metadata.find("labels"); labels != metadata.end()) return split(labels->second, '\n');
  if (const auto names = metadata.find("names"); names != metadata.end()) return quoted_in(names->second);
  return {};
}

}  // namespace calotype
