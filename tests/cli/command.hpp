// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <boost/property_tree/ptree.hpp>
#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

/// An empty folder that exists as long as the object.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  struct Finished {
    int status;
    std::string out, err;
  };
  /// `script` run by /bin/sh in this folder, where `calotype` is the command under test, for a user whose models are in
  /// ../data/calotype/models.
  Finished run(const std::string& script) const;

  std::string path(const std::string& name) const { return path_ + "/" + name; }
  bool has(const std::string& name) const;
  std::string read(const std::string& name) const;
  void write(const std::string& name, const std::string& text) const;
  /// A smooth picture in the format that the name's extension says.
  void picture(const std::string& name, int width = 48, int height = 32, int type = CV_8UC3) const;
  /// Names of everything in it, sorted, folders with a trailing slash.
  std::vector<std::string> names() const;

 private:
  std::string path_;
};

/// Begins a script in which denoise, deblock and inpaint are those of restore_plugin.cpp.
extern const std::string kFakeRestore;

bool contains(const std::string& text, const std::string& part);
/// Each line parsed as JSON; throws when one is not.
std::vector<boost::property_tree::ptree> json_lines(const std::string& text);
