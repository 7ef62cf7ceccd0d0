// SPDX-License-Identifier: Apache-2.0
#include "manifest.hpp"

#include <algorithm>
#include <boost/program_options/parsers.hpp>
#include <charconv>
#include <cmath>
#include <functional>
#include <new>
#include <set>
#include <sstream>

#include "calotype/error.hpp"
#include "calotype/io.hpp"
#include "text.hpp"

namespace calotype {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

struct Task {
  std::string name;
  std::vector<std::string> meanings;  // of outputs
};
/// Never destroyed.
const std::vector<Task>& tasks() {
  static const auto* const all =
      new std::vector<Task>{{"image", {"picture"}},         {"classify", {"logits", "probabilities"}},
                            {"embed", {"embedding"}},       {"segment", {"logits", "probabilities"}},
                            {"cutout", {"mask", "logits"}}, {"detect", {"boxes", "logits", "probabilities"}}};
  return *all;
}

std::vector<std::string> all_meanings() {
  std::set<std::string> all;
  for (const Task& task : tasks()) all.insert(task.meanings.begin(), task.meanings.end());
  return {all.begin(), all.end()};
}

class ManifestReader {
  using Setter = std::function<void(const std::string&)>;

 public:
  explicit ManifestReader(const fs::path& directory) : directory_(directory), file_(directory / "model.ini") {}

  Manifest read(const std::string& text) {
    for (const auto& [key, value] : lines(text)) set(key, value);
    check();
    return std::move(manifest_);
  }

  std::vector<std::pair<std::string, std::string>> lines(const std::string& text) const {
    std::istringstream stream(text);
    std::vector<std::pair<std::string, std::string>> read;
    try {
      for (const po::option& option :
           po::parse_config_file(stream, po::options_description(), /*allow_unregistered=*/true).options)
        read.emplace_back(option.string_key, option.value.at(0));
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& e) {
      refuse(e.what(), "write lines of key=value under [section] headings");
    }
    return read;
  }

 private:
  [[noreturn]] void refuse(const std::string& what, const std::string& way_out) const {
    throw Error(ErrorCode::corrupt, file_.string() + ": " + what, way_out);
  }

  void set(const std::string& key, const std::string& value) {
    const std::size_t dot = key.find('.');
    const std::string section = dot == std::string::npos ? "" : key.substr(0, dot);
    if (section == "part") {
      set_part(key.substr(dot + 1), value);
    } else if (const auto setter = setters_.find(key); setter != setters_.end()) {
      setter->second(value);
    } else if (section == "output") {
      set_output(key.substr(dot + 1), value);
    } else if (section.empty() || section == "model" || section == "tile" || section == "engine" ||
               section == "input") {
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

  void set_output(const std::string& meaning, const std::string& name) {
    const auto& known = all_meanings();
    if (std::find(known.begin(), known.end(), meaning) == known.end())
      refuse("unknown key \"output." + meaning + "\"", "known keys: scale, range, " + join(known));
    if (name.empty()) refuse("\"output." + meaning + "\" is empty", "write the name of that output in the network");
    manifest_.outputs[meaning] = name;
  }

  /// As many finite numbers as there are, with `separator` between.
  std::vector<double> numbers(const std::string& key, const std::string& list, const std::string& separator) const {
    std::vector<double> values;
    for (std::size_t begin = 0; begin <= list.size();) {
      const std::size_t end = std::min(list.find(separator, begin), list.size());
      double value = 0;
      const auto [stop, error] = std::from_chars(list.data() + begin, list.data() + end, value);
      if (error != std::errc() || stop != list.data() + end || !std::isfinite(value))
        refuse("\"" + key + "\" is \"" + list + "\"", "write numbers with \"" + separator + "\" between, no spaces");
      values.push_back(value);
      begin = end + separator.size();
    }
    return values;
  }

  void set_range(const char* key, const std::string& text, SampleRange& range) const {
    const std::vector<double> ends = numbers(key, text, "..");
    if (ends.size() != 2 || ends[0] == ends[1])
      refuse("\"" + std::string(key) + "\" is \"" + text + "\"",
             "write what black and white are, such as 0..1 or 0..255");
    range = {ends[0], ends[1]};
  }

  void set_each(const char* key, const std::string& text, std::array<double, 3>& values) const {
    const std::vector<double> given = numbers(key, text, ",");
    if (given.size() != 1 && given.size() != 3)
      refuse("\"" + std::string(key) + "\" is \"" + text + "\"", "write one number for all channels, or three");
    for (std::size_t i = 0; i < 3; ++i) values[i] = given[given.size() == 3 ? i : 0];
  }

  void set_deviation(const std::string& text) {
    set_each("input.std", text, manifest_.input.deviation);
    for (const double value : manifest_.input.deviation)
      if (value <= 0) refuse("\"input.std\" is \"" + text + "\"", "samples are divided by it: write numbers above 0");
  }

  void set_size(const std::string& text) {
    if (text == "free") return void(manifest_.input.size = {});
    const std::size_t x = text.find('x');
    if (x == std::string::npos)
      refuse("\"input.size\" is \"" + text + "\"", "write free, or WIDTHxHEIGHT such as 224x224");
    cv::Size& size = manifest_.input.size;
    size = {number("input.size", text.substr(0, x), 1), number("input.size", text.substr(x + 1), 1)};
    if (std::int64_t(size.width) * size.height > 1 << 26)
      refuse("\"input.size\" is \"" + text + "\"",
             "a network that takes more than 64 megapixels at once cannot be run");
  }

  template <class T>
  Setter to_choice(const char* key, T& target, const std::vector<std::pair<std::string, T>>& choices) {
    return [this, key, &target, choices](const std::string& value) {
      std::vector<std::string> names;
      for (const auto& [name, choice] : choices) {
        if (name == value) return void(target = choice);
        names.push_back(name);
      }
      refuse("\"" + std::string(key) + "\" is \"" + value + "\"", "write one of " + join(names));
    };
  }

  int number(const std::string& key, const std::string& text, int lowest, int highest = 1 << 16) const {
    int value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end || value < lowest || value > highest)
      refuse("\"" + key + "\" is \"" + text + "\"",
             "write a whole number " + std::to_string(lowest) + ".." + std::to_string(highest));
    return value;
  }

  void set_precisions(const std::string& list) {
    manifest_.precisions = split(list, ',');
    for (const std::string& precision : manifest_.precisions)
      if (precision != "fp32" && precision != "bf16" && precision != "fp16")
        refuse("\"engine.precision\" has \"" + precision + "\"", "list fp32, bf16 and fp16 with commas, no spaces");
    if (manifest_.precisions.empty()) refuse("\"engine.precision\" is empty", "list fp32, bf16 or fp16");
  }

  void set_memory(const std::string& text) {
    const std::vector<double> values = numbers("tile.memory", text, ",");
    if (values.size() != 1 || values[0] <= 0)
      refuse("\"tile.memory\" is \"" + text + "\"", "write bytes per pixel of a tile");
    manifest_.tile_memory = values[0];
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
    const auto& tasks = network_tasks();
    if (std::find(tasks.begin(), tasks.end(), manifest_.task) != tasks.end()) check_network();
  }

  void check_network() const {
    const Manifest& m = manifest_;
    if (!m.parts.count("network")) refuse("\"part.network\" is missing", "add network=FILE under [part]");
    if (m.input.name.empty()) refuse("\"input.name\" is missing", "add name=, the network's input, under [input]");
    const std::vector<std::string> due = output_meanings(m.task);
    for (const auto& [meaning, name] : m.outputs)
      if (std::find(due.begin(), due.end(), meaning) == due.end())
        refuse("\"output." + meaning + "\" has no place in task " + m.task, "it may have " + join(due, " or "));
    if (m.outputs.empty())
      refuse("[output] names no output of task " + m.task, "add " + join(due, "= or ") + "=, the name in the network");
    if (m.task == "detect" && !m.outputs.count("boxes"))
      refuse("\"output.boxes\" is missing", "add boxes=, the name in the network");
    if (m.task == "image" && !m.input.is_free() && 2 * m.tile.halo >= std::min(m.input.size.width, m.input.size.height))
      refuse("\"tile.halo\" leaves nothing of \"input.size\"", "write a halo of less than half of the shorter side");
  }

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
      {"tile.memory", [this](const std::string& value) { set_memory(value); }},
      {"tile.size", to_number("tile.size", manifest_.tile.size, 1)},
      {"tile.halo", to_number("tile.halo", manifest_.tile.halo, 0)},
      {"tile.multiple", to_number("tile.multiple", manifest_.tile.multiple, 1)},
      {"input.name", to_text(manifest_.input.name)},
      {"input.size", [this](const std::string& value) { set_size(value); }},
      {"input.fit", to_choice<InputSpec::Fit>("input.fit", manifest_.input.fit,
                                              {{"stretch", InputSpec::Fit::stretch},
                                               {"letterbox", InputSpec::Fit::letterbox},
                                               {"crop", InputSpec::Fit::crop}})},
      {"input.channels", to_choice<InputSpec::Channels>("input.channels", manifest_.input.channels,
                                                        {{"rgb", InputSpec::Channels::rgb},
                                                         {"bgr", InputSpec::Channels::bgr},
                                                         {"grey", InputSpec::Channels::grey}})},
      {"input.layout",
       to_choice<bool>("input.layout", manifest_.input.channels_last, {{"nchw", false}, {"nhwc", true}})},
      {"input.range", [this](const std::string& value) { set_range("input.range", value, manifest_.input.range); }},
      {"input.mean", [this](const std::string& value) { set_each("input.mean", value, manifest_.input.mean); }},
      {"input.std", [this](const std::string& value) { set_deviation(value); }},
      {"output.range", [this](const std::string& value) { set_range("output.range", value, manifest_.output_range); }},
      {"output.scale", [this](const std::string& value) { manifest_.scale = number("output.scale", value, 1, 4); }},
      {"engine.precision", [this](const std::string& value) { set_precisions(value); }},
  };
};

std::string text_of(const fs::path& directory) {
  Limits limits;
  limits.max_file_bytes = 1 << 20;
  const Bytes bytes = read_file((directory / "model.ini").string(), limits);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Manifest read_manifest(const fs::path& directory) { return parse_manifest(text_of(directory), directory); }

std::vector<std::pair<std::string, std::string>> read_manifest_lines(const fs::path& directory) {
  return ManifestReader(directory).lines(text_of(directory));
}

Manifest parse_manifest(const std::string& text, const fs::path& directory) {
  return ManifestReader(directory).read(text);
}

const std::vector<std::string>& network_tasks() {
  static const auto* const names = [] {
    auto* const all = new std::vector<std::string>;
    for (const Task& task : tasks()) all->push_back(task.name);
    return all;
  }();
  return *names;
}

std::vector<std::string> output_meanings(const std::string& name) {
  for (const Task& task : tasks())
    if (task.name == name) return task.meanings;
  return {};
}

}  // namespace calotype
