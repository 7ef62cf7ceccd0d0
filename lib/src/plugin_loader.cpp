// SPDX-License-Identifier: Apache-2.0
#include "plugin_loader.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <set>
#include <utility>

#include "calotype/error.hpp"
#include "calotype/plugin.hpp"
#include "calotype/version.hpp"
#include "text.hpp"

namespace calotype {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& reason, const std::string& way_out) {
  throw Error(ErrorCode::plugin, "plugin " + file.string() + ": " + reason, way_out);
}

std::string rebuild() {
  return "rebuild it against Calotype " CALOTYPE_VERSION " and OpenCV " + std::to_string(CV_VERSION_MAJOR) + "." +
         std::to_string(CV_VERSION_MINOR);
}

void expect_equal(const std::filesystem::path& file, const char* what, const std::string& expected,
                  const std::string& got) {
  if (expected != got) refuse(file, std::string("expected ") + what + " " + expected + ", got " + got, rebuild());
}

std::string opencv_version(std::uint32_t major, std::uint32_t minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

/// Reads only plain data; none of the plugin's functions has been called yet.
PluginInfo check_header(const std::filesystem::path& file, const void* symbol) {
  if (!symbol)
    refuse(file, "expected the symbol calotype_plugin_header, got none",
           "remove it if it is no Calotype plugin, or add CALOTYPE_PLUGIN(...) to it");
  const auto& header = *static_cast<const calotype_plugin_header_t*>(symbol);
  expect_equal(file, "a plugin header of size", std::to_string(sizeof header), std::to_string(header.size));
  expect_equal(file, "plugin ABI", std::to_string(CALOTYPE_PLUGIN_ABI), std::to_string(header.abi));
  expect_equal(file, "OpenCV", opencv_version(CV_VERSION_MAJOR, CV_VERSION_MINOR),
               opencv_version(header.cv_major, header.cv_minor));
  expect_equal(file, "_GLIBCXX_USE_CXX11_ABI", std::to_string(_GLIBCXX_USE_CXX11_ABI),
               std::to_string(header.cxx11_abi));
  if (!header.name || !header.version || !header.license || !header.doc)
    refuse(file, "expected a name, version, licence and description, got a null pointer", "fill in CALOTYPE_PLUGIN");
  const std::string stem = "calotype_" + std::string(header.name);
  if (file.stem() != stem)
    refuse(file,
           "expected the file name " + stem + ".so for plugin \"" + header.name + "\", got " + file.filename().string(),
           "rename the file, or the plugin in CALOTYPE_PLUGIN");
  return {header.name, header.version, header.license, header.doc, file};
}

bool is_name(const std::string& text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
}

bool is_magic(const std::string& text) {
  if (text.empty() || text.size() % 2) return false;
  for (std::size_t i = 0; i < text.size(); i += 2)
    if (text.compare(i, 2, "??") != 0 && text.substr(i, 2).find_first_not_of("0123456789abcdef") != std::string::npos)
      return false;
  return true;
}

bool is_valid(const ParamSpec& spec) {
  if (!is_name(spec.name)) return false;
  // The fallback has to be a value that a person could have given.
  try {
    Params::validated({spec}, {{spec.name, to_string(spec.fallback)}}, "");
    return true;
  } catch (const Error&) {
    return std::holds_alternative<std::string>(spec.fallback) && to_string(spec.fallback).empty();
  }
}

std::string complaint_about(const ElementInfo& info) {
  if (!is_name(info.name)) return "its name has characters other than a-z, 0-9, _ and -";
  if (info.doc.find('\n') != std::string::npos) return "its description has more than one line";
  for (const std::string& extension : info.extensions)
    if (!is_name(extension)) return "\"" + extension + "\" is no extension in lower case without the dot";
  for (const std::string& magic : info.magics)
    if (!is_magic(magic)) return "\"" + magic + "\" is no magic in lower-case hex";
  std::set<std::string> names;
  for (const ParamSpec& spec : info.params)
    if (!is_valid(spec) || !names.insert(spec.name).second)
      return "its parameter \"" + spec.name + "\" is declared twice, badly named or has a fallback out of its range";
  return {};
}

/// Collects what a plugin registers.
class Collector : public Registrar {
 public:
  std::vector<Registration> elements;

 protected:
  void add_decoder(ElementInfo info, FactoryOf<Decoder> make) override { add_any(std::move(info), std::move(make)); }
  void add_encoder(ElementInfo info, FactoryOf<Encoder> make) override { add_any(std::move(info), std::move(make)); }
  void add_backbone(ElementInfo info, FactoryOf<Backbone> make) override { add_any(std::move(info), std::move(make)); }
  void add_engine(ElementInfo info, FactoryOf<Engine> make) override { add_any(std::move(info), std::move(make)); }

 private:
  template <class Factory>
  void add_any(ElementInfo info, Factory make) {
    const std::string who = std::string(to_string(info.kind)) + " \"" + info.name + "\"";
    if (const std::string complaint = complaint_about(info); !complaint.empty())
      throw Error(ErrorCode::plugin, who + ": " + complaint, "correct its ElementInfo");
    for (const Registration& other : elements)
      if (other.info.kind == info.kind && other.info.name == info.name)
        throw Error(ErrorCode::plugin, who + " is registered twice", "give one of them another name");
    elements.push_back({std::move(info), std::move(make)});
  }
};

}  // namespace

LoadedPlugin load_plugin(const std::filesystem::path& file) {
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const std::string reason = dlerror();
    refuse(file, "cannot be opened: " + reason,
           "install the library that provides what is missing, or rebuild the plugin");
  }
  LoadedPlugin plugin;
  plugin.info = check_header(file, dlsym(library, "calotype_plugin_header"));
  using Register = void (*)(Registrar&);
  const auto register_elements = reinterpret_cast<Register>(dlsym(library, "calotype_plugin_register"));
  if (!register_elements)
    refuse(file, "expected the function calotype_plugin_register, got none", "add CALOTYPE_PLUGIN(...) to it");

  Collector collector;
  try {
    try {
      register_elements(collector);
    } catch (...) {
      rethrow_as_error("registration");
    }
  } catch (const Error& e) {
    refuse(file, e.what(), e.hint());
  }
  plugin.elements = std::move(collector.elements);
  return plugin;
}

}  // namespace calotype
