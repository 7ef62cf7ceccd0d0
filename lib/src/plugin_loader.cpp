// SPDX-License-Identifier: Apache-2.0
#include "plugin_loader.hpp"

#include <dlfcn.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "calotype/error.hpp"
#include "calotype/plugin.hpp"
#include "calotype/version.hpp"
#include "element_rules.hpp"

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

/// Of what dlerror() says.
bool is_about_memory(const std::string& reason) {
  for (const char* part :
       {"failed to map segment", "cannot map zero-fill pages", static_cast<const char*>(std::strerror(ENOMEM))})
    if (reason.find(part) != std::string::npos) return true;
  return false;
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
      if (same_element(other.info, info))
        throw Error(ErrorCode::plugin, who + " is registered twice", "give one of them another name");
    elements.push_back({std::move(info), std::move(make)});
  }
};

}  // namespace

LoadedPlugin load_plugin(const std::filesystem::path& file) {
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const std::string reason = dlerror();
    if (is_about_memory(reason))
      throw Error(ErrorCode::limit, "plugin " + file.string() + ": cannot be opened: " + reason,
                  "allow more memory (ulimit -v)");
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
    register_elements(collector);
  } catch (...) {
    const Error e = current_error("registration", ErrorCode::plugin);
    if (e.code() == ErrorCode::limit) throw e;
    refuse(file, e.what(), e.hint());
  }
  plugin.elements = std::move(collector.elements);
  return plugin;
}

}  // namespace calotype
