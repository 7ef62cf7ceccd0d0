// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"

#include <stdlib.h>
#include <sys/wait.h>

#include <algorithm>
#include <boost/property_tree/json_parser.hpp>
#include <calotype/io.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace fs = std::filesystem;

namespace {

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

Folder::Folder() {
  std::string name = (fs::temp_directory_path() / "calotype-cli-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  path_ = name + "/work";  // the script and its output lie beside it
  fs::create_directory(path_);
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(fs::path(path_).parent_path(), ignored);
}

Folder::Finished Folder::run(const std::string& script) const {
  const std::string base = path("..");
  std::ofstream(path("../script")) << "PATH='" CALOTYPE_BIN "':$PATH\nexport XDG_DATA_HOME='" << base << "/data'\ncd '"
                                   << path_ << "'\n"
                                   << script << "\n";
  const int status =
      std::system(("sh '" + base + "/script' > '" + base + "/out' 2> '" + base + "/err' < /dev/null").c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), contents(base + "/out"),
          contents(base + "/err")};
}

bool Folder::has(const std::string& name) const { return fs::exists(path(name)); }

std::string Folder::read(const std::string& name) const { return contents(path(name)); }

void Folder::write(const std::string& name, const std::string& text) const {
  fs::create_directories(fs::path(path(name)).parent_path());
  std::ofstream(path(name), std::ios::binary) << text;
}

void Folder::picture(const std::string& name, int width, int height, int type) const {
  fs::create_directories(fs::path(path(name)).parent_path());
  calotype::Image image;
  image.pixels.create(height, width, CV_8UC(CV_MAT_CN(type)));
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < image.pixels.cols * image.pixels.channels(); ++x)
      image.pixels.ptr(y)[x] = static_cast<unsigned char>(60 + (x + 2 * y) % 128);
  image.pixels.convertTo(image.pixels, CV_MAT_DEPTH(type), CV_MAT_DEPTH(type) == CV_16U ? 257 : 1);
  calotype::write_image(path(name), image);
}

std::vector<std::string> Folder::names() const {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(path_))
    found.push_back(entry.path().lexically_relative(path_).string() + (entry.is_directory() ? "/" : ""));
  std::sort(found.begin(), found.end());
  return found;
}

const std::string kFakeRestore = "export CALOTYPE_PLUGIN_PATH='" FAKE_PLUGIN_DIR "'\n";

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::vector<boost::property_tree::ptree> json_lines(const std::string& text) {
  std::vector<boost::property_tree::ptree> objects;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream one(line);
    objects.emplace_back();
    boost::property_tree::read_json(one, objects.back());
  }
  return objects;
}
