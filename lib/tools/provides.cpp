// SPDX-License-Identifier: Apache-2.0
// calotype-provides PLUGIN.so writes PLUGIN.provides beside it.
#include <exception>
#include <filesystem>
#include <iostream>

#include "../src/plugin_loader.hpp"
#include "../src/sidecar.hpp"
#include "calotype/error.hpp"
#include "calotype/io.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: calotype-provides PLUGIN.so\n";
    return 2;
  }
  try {
    const auto file = std::filesystem::absolute(argv[1]);
    const calotype::LoadedPlugin plugin = calotype::load_plugin(file);
    calotype::Sidecar sidecar{plugin.info, {}};
    for (const calotype::Registration& element : plugin.elements) sidecar.elements.push_back(element.info);
    const std::string text = calotype::format_sidecar(sidecar);
    calotype::write_file(calotype::sidecar_path(file).string(), {text.begin(), text.end()}, true);
    return 0;
  } catch (const calotype::Error& e) {
    std::cerr << "calotype-provides: " << e.full_text() << '\n';
    return calotype::exit_status(e.code());
  } catch (const std::exception& e) {
    std::cerr << "calotype-provides: " << e.what() << '\n';
    return 1;
  }
}
