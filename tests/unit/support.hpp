// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdlib.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <string>

#include "calotype/error.hpp"
#include "calotype/image.hpp"

/// A directory that is removed again.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "calotype-test-XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(name.data()));
    path_ = name;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(path_), std::filesystem::directory_iterator()));
  }

 private:
  std::filesystem::path path_;
};

/// The error that f throws; fails the test when it throws none.
template <class F>
calotype::Error error_of(F&& f) {
  try {
    f();
  } catch (const calotype::Error& e) {
    return e;
  }
  BOOST_FAIL("nothing was thrown");
  return {calotype::ErrorCode::internal, ""};
}

inline void check_contains(const std::string& text, const std::string& part) {
  BOOST_CHECK_MESSAGE(text.find(part) != std::string::npos, "\"" << text << "\" lacks \"" << part << "\"");
}

inline calotype::Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }
