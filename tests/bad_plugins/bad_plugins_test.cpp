// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_MODULE calotype bad plugins
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <opencv2/core.hpp>
#include <set>

#include "calotype/error.hpp"
#include "calotype/io.hpp"
#include "calotype/log.hpp"
#include "calotype/registry.hpp"

using namespace calotype;

namespace {

std::vector<std::string> lines;

/// A sink may use the library, of which a look-up is under way.
struct BadPlugins {
  BadPlugins() {
    Registry::global().add_path(BAD_PLUGIN_DIR);
    set_log_sink([](LogLevel, const std::string& line) {
      BOOST_TEST(!Registry::global().items().empty());
      lines.push_back(line);
    });
  }
};

Registry& registry() { return Registry::global(); }

std::string file_of(const std::string& name) { return std::string(BAD_PLUGIN_DIR) + "/calotype_" + name + ".so"; }

void check_contains(const std::string& text, const std::string& part) {
  BOOST_CHECK_MESSAGE(text.find(part) != std::string::npos, "\"" << text << "\" lacks \"" << part << "\"");
}

/// Who, where, what was expected and got, and the way out.
void check_refused(const std::string& name, const std::vector<std::string>& parts) {
  for (const LoadFailure& failure : registry().failures(true)) {
    if (failure.file != file_of(name)) continue;
    check_contains(failure.reason, "plugin " + file_of(name) + ": ");
    for (const std::string& part : parts) check_contains(failure.reason, part);
    return;
  }
  BOOST_ERROR("calotype_" << name << ".so was not refused");
}

std::string backbone_error(const std::string& name) {
  try {
    registry().backbone(name);
  } catch (const Error& e) {
    BOOST_TEST((e.code() == ErrorCode::not_found));
    return e.full_text();
  }
  BOOST_ERROR("backbone " << name << " exists");
  return {};
}

void check_works(const std::string& backbone) {
  Image image;
  image.pixels = cv::Mat::zeros(1, 1, CV_8U);
  BOOST_TEST(registry().backbone(backbone)->run(image, {}).pixels.cols == 1);
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(BadPlugins);

BOOST_AUTO_TEST_CASE(a_bad_sidecar_is_no_concern_of_others) {
  std::string name;
  registry().decoder_for({'N', 'O'}, "", &name);
  BOOST_TEST(name == "nothing");
}

BOOST_AUTO_TEST_CASE(a_refused_plugin_gives_up_its_names) {
  const auto claims = [](const LoadFailure& f) {
    return f.reason.find("contested already comes") != std::string::npos;
  };
  const auto before = registry().failures();
  BOOST_TEST(std::count_if(before.begin(), before.end(), claims) == 1);
  check_works("contested");
  BOOST_TEST(registry().describe(Kind::backbone, "contested").plugin.name == "heir");
  const auto after = registry().failures();
  BOOST_TEST(std::count_if(after.begin(), after.end(), claims) == 0);
  check_refused("claimant", {"got 99"});
}

// Before anything else has opened the plugins behind sidecars.
BOOST_AUTO_TEST_CASE(not_found_names_the_culprit) {
  check_contains(backbone_error("promised"), "refused: plugin " + file_of("liar"));
  check_contains(backbone_error("future"), "refused: plugin " + file_of("abi") + ": expected plugin ABI 3, got 99");
  try {
    registry().decoder_for({'F', 'U', 'T', 'U', 'R', 'E'}, "");
    BOOST_ERROR("a decoder of a refused plugin was made");
  } catch (const Error& e) {
    BOOST_TEST((e.code() == ErrorCode::unsupported));
    check_contains(e.hint(), "got 99");
  }
}

BOOST_AUTO_TEST_CASE(each_is_refused_with_its_reason) {
  check_refused("no_header", {"expected the symbol calotype_plugin_header, got none", "; "});
  check_refused("header_size", {"expected a plugin header of size ", "got 8", "rebuild it"});
  check_refused("abi", {"expected plugin ABI 3, got 99", "rebuild it against Calotype "});
  check_refused("opencv", {"expected OpenCV " + std::to_string(CV_VERSION_MAJOR) + ".", "got 4.99", "rebuild it"});
  check_refused("cxx11_abi", {"_GLIBCXX_USE_CXX11_ABI", "got 7", "rebuild it"});
  check_refused("null_name", {"got a null pointer", "CALOTYPE_PLUGIN"});
  check_refused("other_name",
                {"expected the file name calotype_somebody_else.so", "got calotype_other_name.so", "rename"});
  check_refused("no_register", {"expected the function calotype_plugin_register, got none"});
  check_refused("throws", {"registration", "no licence key"});
  check_refused("twice", {"backbone \"twin\" is registered twice", "another name"});
  check_refused("bad_element", {"\"Bad Element\"", "a-z"});
  check_refused("bad_parameter", {"\"level\"", "fallback"});
  check_refused("liar",
                {"expected backbone promised as in calotype_liar.provides, got backbone extra", "with its sidecar"});
  check_refused("missing_library", {"libbad_gone.so", "install the library"});
  check_refused("no_library", {"cannot be opened"});
  check_refused("imposter", {"backbone good already comes from " + file_of("good"), "another name"});
}

BOOST_AUTO_TEST_CASE(nothing_of_a_refused_plugin_is_left) {
  registry().failures(true);
  for (const char* name :
       {"throws", "twin", "bad_parameter", "extra", "promised", "future", "missing_library", "ghost"})
    backbone_error(name);
  const std::set<std::string> working = {"good", "eager", "imposter", "bad_magic", "heir", "talkative"};
  for (const Item& item : registry().items())
    if (item.plugin.file.parent_path() == BAD_PLUGIN_DIR) BOOST_TEST((working.count(item.plugin.name)));
}

BOOST_AUTO_TEST_CASE(what_happened_is_logged) {
  registry().failures(true);
  for (const std::string part : {"expected plugin ABI 3, got 99", "hello from a plugin", "good already comes from"})
    BOOST_TEST((std::find_if(lines.begin(), lines.end(), [&](const std::string& line) {
                  return line.find(part) != std::string::npos;
                }) != lines.end()));
}

BOOST_AUTO_TEST_CASE(everything_else_goes_on_working) {
  check_works("good");
  check_works("eager");
  check_works("honest");
  BOOST_TEST(registry().describe(Kind::backbone, "good").plugin.name == "good");
}
