// SPDX-License-Identifier: Apache-2.0
#include "manifest.hpp"

#include <boost/program_options/parsers.hpp>
#include <charconv>
#include <functional>
#include <new>
#include <sstream>

#include "calotype/error.hpp"
#include "calotype/io.hpp"
#include "text.hpp"

namespace calotype {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

class ManifestReader {
 public:
  explicit ManifestReader(const fs::path& directory) : directory_(directory), file_(directory / "model.ini") {}

  Manifest read() {
    for (const po::option& option : parse()) set(option.string_key, option.value.at(0));
    check();
    return std::move(manifest_);
  }

 private:
  [[noreturn]] void refuse(const std::string& what, const std::string& way_out) const {
    throw Error(ErrorCode::corrupt, file_.string() + ": " + what, way_out);
  }

  std::vector<po::option> parse() const {
    Limits limits;
    limits.max_file_bytes = 1 << 20;
    const Bytes bytes = read_file(file_.string(), limits);
    std::istringstream text(std::string(bytes.begin(), bytes.end()));
    try {
      return po::parse_config_file(text, po::options_description(), /*allow_unregistered=*/true).options;
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& e) {
      refuse(e.what(), "write lines of key=value under [section] headings");
    }
  }

  void set(const std::string& key, const std::string& value) {
    const std::size_t dot = key.find('.');
    const std::string section = dot == std::string::npos ? "" : key.substr(0, dot);
    if (section == "part") {
      set_part(key.substr(dot + 1), value);
    } else if (const auto setter = setters_.find(key); setter != setters_.end()) {
      setter->second(value);
    } else if (section.empty() || section == "model" || section == "tile" || section == "engine") {
      refuse_unknown(key);
    } else {
      manifest_.extra[key] = value;
    }
  }

  [[noreturn]] void refuse_unknown(const std::string& key) const {
    std::vector<std::string> known;
    for (const auto& [name, setter] : setters_) known.push_back(name);
    const std::string near = nearest(key, known);
    refuse("unknown key \"" + key + "\"",
           near.empty() ? "known keys: " + join(known) : "did you mean \"" + near + "\"?");
  }

  /// The part that "PART_xxh128" is about; "" where the key does not end so.
  static std::string part_before(const std::string& suffix, const std::string& key) {
    const bool ends_so =
        key.size() > suffix.size() && key.compare(key.size() - suffix.size(), suffix.size(), suffix) == 0;
    return ends_so ? key.substr(0, key.size() - suffix.size()) : "";
  }

  void set_part(const std::string& key, const std::string& value) {
    if (const std::string part = part_before("_uses", key); !part.empty()) {
      manifest_.parts[part].uses = value;
      return;
    }
    if (const std::string part = part_before("_xxh128", key); !part.empty()) {
      if (value.size() != 32 || value.find_first_not_of("0123456789abcdef") != std::string::npos)
        refuse("\"part." + key + "\" is no checksum", "write 32 lower-case hex digits, as xxhsum -H128 does");
      manifest_.parts[part].xxh128 = value;
      return;
    }
    if (!part_before("_sha256", key).empty())
      refuse("\"part." + key + "\" is a checksum of an old kind",
             "write " + part_before("_sha256", key) + "_xxh128=... instead");
    if (fs::path(value).filename() != value || value == "." || value == ".." || value.empty())
      refuse("\"part." + key + "\" is \"" + value + "\"", "name a file that lies beside model.ini");
    manifest_.parts[key].file = directory_ / value;
  }

  int number(const std::string& key, const std::string& text, int lowest) const {
    int value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end || value < lowest || value > 1 << 16)
      refuse("\"" + key + "\" is \"" + text + "\"", "write a whole number " + std::to_string(lowest) + "..65536");
    return value;
  }

  void set_precisions(const std::string& list) {
    manifest_.precisions = split(list, ',');
    for (const std::string& precision : manifest_.precisions)
      if (precision != "fp32" && precision != "bf16" && precision != "fp16")
        refuse("\"engine.precision\" has \"" + precision + "\"", "list fp32, bf16 and fp16 with commas, no spaces");
    if (manifest_.precisions.empty()) refuse("\"engine.precision\" is empty", "list fp32, bf16 or fp16");
  }

  void check() const {
    const TilePlan& tile = manifest_.tile;
    if (manifest_.id.empty()) refuse("\"model.id\" is missing", "add id=NAME under [model]");
    if (tile.size % tile.multiple || tile.halo % tile.multiple)
      refuse("\"tile.size\" or \"tile.halo\" is no multiple of \"tile.multiple\"", "round them up");
    for (const auto& [name, part] : manifest_.parts) {
      if (part.file.empty()) refuse("part \"" + name + "\" has no file", "add " + name + "=FILE");
      if (!part.uses.empty() && !manifest_.parts.count(part.uses))
        refuse("\"part." + name + "_uses\" is \"" + part.uses + "\"", "name another part");
      // Files name their codec by these.
      if (manifest_.task == "codec" && part.xxh128.empty())
        refuse("part \"" + name + "\" of a codec has no checksum", "add " + name + "_xxh128=, as xxhsum -H128 says it");
    }
  }

  using Setter = std::function<void(const std::string&)>;

  static Setter to_text(std::string& target) {
    return [&target](const std::string& value) { target = value; };
  }

  Setter to_number(const char* key, int& target, int lowest) {
    return [this, key, &target, lowest](const std::string& value) { target = number(key, value, lowest); };
  }

  fs::path directory_, file_;
  Manifest manifest_;
  const std::map<std::string, Setter> setters_ = {
      {"model.id", to_text(manifest_.id)},
      {"model.task", to_text(manifest_.task)},
      {"model.version", to_text(manifest_.version)},
      {"model.license", to_text(manifest_.license)},
      {"model.source", to_text(manifest_.source)},
      {"tile.size", to_number("tile.size", manifest_.tile.size, 1)},
      {"tile.halo", to_number("tile.halo", manifest_.tile.halo, 0)},
      {"tile.multiple", to_number("tile.multiple", manifest_.tile.multiple, 1)},
      {"engine.precision", [this](const std::string& value) { set_precisions(value); }},
  };
};

}  // namespace

Manifest read_manifest(const fs::path& directory) { return ManifestReader(directory).read(); }

}  // namespace calotype
