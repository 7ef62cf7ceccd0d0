// SPDX-License-Identifier: Apache-2.0
#include "calotype/model_draft.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <opencv2/core.hpp>

#include "calotype/error.hpp"
#include "calotype/io.hpp"
#include "calotype/network_file.hpp"
#include "discovery.hpp"
#include "manifest.hpp"
#include "metadata_props.hpp"
#include "model_probe.hpp"
#include "text.hpp"

namespace calotype {
namespace {

namespace fs = std::filesystem;
using Source = ModelDraft::Source;
using Shape = std::vector<std::int64_t>;

constexpr int kClassifierSide = 224, kTileSide = 512, kWhole = 1 << 16;

std::string text(const Shape& shape) {
  std::string result;
  for (const std::int64_t side : shape) result += (result.empty() ? "" : "x") + (side < 0 ? "?" : std::to_string(side));
  return result.empty() ? "of unknown shape" : result;
}

std::string list(const std::vector<NetworkFile::Port>& ports) {
  std::vector<std::string> names;
  for (const NetworkFile::Port& port : ports) names.push_back("\"" + port.name + "\" " + text(port.shape));
  return join(names);
}

[[noreturn]] void fail(const std::string& what, const std::string& way_out) {
  throw Error(ErrorCode::unsupported, what, way_out);
}

/// Lines of model.ini hold no line ends, and what is behind a # is none of theirs.
bool fits_a_line(const std::string& value) {
  return std::none_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '#'; });
}

std::vector<std::string> lines_of(const fs::path& file) {
  Limits limits;
  limits.max_file_bytes = 1 << 22;
  const Bytes bytes = read_file(file.string(), limits);
  std::vector<std::string> lines = split({bytes.begin(), bytes.end()}, '\n');
  for (std::string& line : lines)
    if (!line.empty() && line.back() == '\r') line.pop_back();
  if (lines.empty()) throw Error(ErrorCode::usage, file.string() + " names no label", "write one name per line");
  return lines;
}

bool is_network(const fs::path& file) { return file.extension() == ".onnx" || file.extension() == ".tflite"; }

/// What lies in a folder that holds a network, and may hold a model.ini.
struct Contents {
  fs::path network, labels;
  std::map<std::string, std::string> keys;
};

Contents contents_of_model(const fs::path& folder) {
  const Model model = Model::open(fs::absolute(folder).string());
  const Manifest& manifest = model.manifest();
  if (output_meanings(manifest.task).empty())
    throw Error(ErrorCode::usage, folder.string() + " is a model for \"" + manifest.task + "\"",
                "copy the folder to " + user_models().string() + " as it is");
  Contents contents;
  for (const auto& [key, value] : read_manifest_lines(folder))
    if (key.rfind("part.", 0) != 0) contents.keys[key] = value;
  for (const auto& [name, part] : manifest.parts) model.read(name);  // which verifies it
  contents.network = manifest.parts.at("network").file;
  if (const auto labels = manifest.parts.find("labels"); labels != manifest.parts.end())
    contents.labels = labels->second.file;
  return contents;
}

Contents contents_of(const fs::path& folder) {
  std::error_code unreadable;
  if (fs::exists(folder / "model.ini", unreadable)) return contents_of_model(folder);
  std::vector<std::string> found;
  Contents contents;
  for (const fs::path& entry : entries(folder))
    if (is_network(entry)) {
      contents.network = entry;
      found.push_back(entry.filename().string());
    }
  if (found.size() != 1)
    throw Error(found.empty() ? ErrorCode::not_found : ErrorCode::usage,
                folder.string() + " holds " + (found.empty() ? "no network" : "several networks: " + join(found)),
                found.empty() ? "name a .onnx or .tflite file" : "name one of them");
  if (fs::exists(folder / "labels.txt", unreadable)) contents.labels = folder / "labels.txt";
  return contents;
}

class Drafter {
 public:
  Drafter(const fs::path& network, const std::map<std::string, std::string>& given)
      : file_(read_network_file(network)) {
    draft_.network = network;
    draft_.companions = file_.companions;
    for (const auto& [key, value] : given) {
      if (!fits_a_line(value))
        throw Error(ErrorCode::usage, "\"" + key + "\" has a line end or a # in it", "leave those out");
      draft_.lines[key] = {value, Source::given};
    }
    if (file_.companions.size() > 1)
      fail(network.string() + ": its weights lie in " + std::to_string(file_.companions.size()) + " other files",
           "save it with onnx.save(model, file, save_as_external_data=True, all_tensors_to_one_file=True)");
  }

  ModelDraft make(const std::map<std::string, std::string>& said, const fs::path& labels, const EngineChoice& choice) {
    for (const auto& [key, value] : said) propose(key, value, Source::file);
    for (const auto& [key, value] : manifest_keys(file_.metadata))
      if (fits_a_line(value)) propose(key, value, Source::file);
    draft_.labels = labels.empty() ? labels_in(file_.metadata) : lines_of(labels);
    check_task();
    guess_input();
    guess_output();
    probe(choice);
    return std::move(draft_);
  }

 private:
  void propose(const std::string& key, const std::string& value, Source source) {
    draft_.lines.insert({key, {value, source}});
  }
  bool says(const std::string& key) const { return draft_.lines.count(key) == 1; }
  const std::string& task() const { return draft_.lines.at("model.task").value; }

  void check_task() const {
    const std::string known = join(network_tasks());
    if (!says("model.task"))
      throw Error(ErrorCode::usage, draft_.network.string() + " does not say what it is for",
                  "add --task, one of " + known);
    const auto& tasks = network_tasks();
    if (std::find(tasks.begin(), tasks.end(), task()) == tasks.end())
      throw Error(ErrorCode::usage, "\"" + task() + "\" is no task of networks that others made",
                  "known tasks: " + known);
  }

  void guess_input() {
    const NetworkFile::Port& input = the_input();
    propose("input.name", input.name, Source::file);
    Shape shape = input.shape;
    if (shape.empty()) shape = {-1, -1, -1, -1};
    if (shape.size() != 4 || shape[0] > 1)
      fail("input " + list({input}) + " is no single picture", "export the network with an input of 1x3xHxW");
    const auto is_colours = [](std::int64_t side) { return side == 1 || side == 3; };
    const bool last = !is_colours(shape[1]) && is_colours(shape[3]);
    propose("input.layout", last ? "nhwc" : "nchw", Source::file);
    if (draft_.lines.at("input.layout").value == "nhwc") std::rotate(shape.begin() + 1, shape.end() - 1, shape.end());
    if (shape[1] >= 0 && !is_colours(shape[1]))
      fail("input " + list({input}) + " has " + std::to_string(shape[1]) + " channels",
           "pictures have 1 or 3; export the network without further inputs among its channels");
    propose("input.channels", shape[1] == 1 ? "grey" : "rgb", shape[1] == 1 ? Source::file : Source::guessed);
    if (shape[2] > 0 && shape[3] > 0)
      propose("input.size", std::to_string(shape[3]) + "x" + std::to_string(shape[2]), Source::file);
    else if (task() == "image")
      propose("input.size", "free", Source::file);
    else
      propose("input.size", std::to_string(kClassifierSide) + "x" + std::to_string(kClassifierSide), Source::guessed);
    if (task() != "image")
      propose("input.fit",
              task() == "classify" ? "crop"
              : task() == "detect" ? "letterbox"
                                   : "stretch",
              Source::guessed);
    guess_samples(shape[1] != 1);
  }

  /// Most networks for photographs that are trained in PyTorch are fed so (torchvision's documentation).
  void guess_samples(bool colours) {
    const bool said = says("input.range") || says("input.mean") || says("input.std");
    const bool from_pytorch = draft_.network.extension() == ".onnx" && task() != "image" && task() != "detect";
    propose("input.range", "0..1", Source::guessed);
    if (said || !colours || !from_pytorch) return;
    propose("input.mean", "0.485,0.456,0.406", Source::guessed);
    propose("input.std", "0.229,0.224,0.225", Source::guessed);
  }

  const NetworkFile::Port& the_input() const {
    if (says("input.name"))
      for (const NetworkFile::Port& port : file_.inputs)
        if (port.name == draft_.lines.at("input.name").value && file_.inputs.size() == 1) return port;
    if (file_.inputs.size() > 1 || says("input.name"))
      fail("the network takes " + list(file_.inputs),
           file_.inputs.size() > 1 ? "export it with a picture as its only input" : "leave --input out");
    return file_.inputs.front();
  }

  /// The only output that there is, or that has as many dimensions as the task's answer.
  void guess_output() {
    const std::vector<std::string> meanings = output_meanings(task());
    for (const std::string& meaning : meanings)
      if (says("output." + meaning)) return;
    const std::size_t dimensions = task() == "classify" || task() == "embed" ? 2 : task() == "detect" ? 3 : 4;
    std::vector<NetworkFile::Port> fitting = file_.outputs;
    if (fitting.size() > 1)
      fitting.erase(std::remove_if(fitting.begin(), fitting.end(),
                                   [&](const auto& port) { return port.shape.size() != dimensions; }),
                    fitting.end());
    if (fitting.size() != 1)
      throw Error(ErrorCode::usage,
                  "the network makes " + list(file_.outputs) + "; which one is its answer is not clear",
                  "add --output " + meanings.front() + "=NAME");
    propose("output." + meanings.front(), fitting.front().name,
            file_.outputs.size() == 1 ? Source::file : Source::guessed);
    meaning_is_guessed_ = true;
  }

  /// Says of tiles what fits any network.
  Manifest without_tiles() const {
    ModelDraft draft = draft_;
    for (auto line = draft.lines.begin(); line != draft.lines.end();)
      line = line->first.rfind("tile.", 0) == 0 ? draft.lines.erase(line) : std::next(line);
    draft.lines["tile.halo"] = {"0", Source::guessed};
    return draft.manifest();
  }

  void probe(EngineChoice choice) {
    const Manifest manifest = without_tiles();
    if (choice.precision == "auto" && manifest.precisions.size() > 1) choice.precision = "fp32";
    ModelProbe probe(manifest, choice);
    if (task() == "image")
      measure(probe, manifest);
    else
      look_at(probe.run(manifest.input.is_free() ? cv::Size(kClassifierSide, kClassifierSide) : manifest.input.size),
              manifest);
    draft_.fed = probe.fed();
    draft_.made = probe.made();
    draft_.manifest();  // throws what does not fit together
  }

  void measure(ModelProbe& probe, const Manifest& manifest) {
    ModelProbe::Sides sides{1, 0};
    if (manifest.input.is_free()) {
      sides = probe.sides();
    } else {
      probe.run(manifest.input.size);
      sides.scale = probe.scale_of(manifest.input.size);
      if (!sides.scale)
        fail("the network does not make a picture of 1 to 4 times the size of its input", "say another --task");
    }
    if (manifest.input.range.black != 0 || manifest.input.range.white != 1)
      propose("output.range", draft_.lines.at("input.range").value, Source::guessed);
    propose("output.scale", std::to_string(sides.scale), Source::measured);
    propose("tile.multiple", std::to_string(sides.multiple), Source::measured);
    if (says("tile.halo"))
      return set_tiles(std::stoi(draft_.lines.at("tile.halo").value), sides.multiple, Source::guessed);
    const std::optional<int> reach = probe.reach(sides.multiple, sides.scale);
    if (reach) return set_tiles(*reach, sides.multiple, Source::measured);
    if (!manifest.input.is_free()) {
      const int shorter = std::min(manifest.input.size.width, manifest.input.size.height);
      return propose("tile.halo", std::to_string(shorter / 8), Source::guessed);
    }
    propose("tile.halo", "0", Source::measured);
    propose("tile.size", std::to_string(kWhole), Source::measured);  // all depends on all
  }

  void set_tiles(int halo, int multiple, Source source) {
    propose("tile.halo", std::to_string(halo), source);
    const int side = std::max(kTileSide, 2 * halo);
    propose("tile.size", std::to_string((side + multiple - 1) / multiple * multiple), source);
  }

  void look_at(const TensorMap& made, const Manifest& manifest) {
    for (const auto& [meaning, name] : manifest.outputs) {
      const cv::Mat answer = made.at(name).reshape(1, 1);
      if (!cv::checkRange(answer))
        fail("output \"" + name + "\" has values that are no finite numbers", "check --range, --mean and --std");
      check_answer(name, made.at(name));
      if (meaning_is_guessed_ && meaning == "logits" && is_distribution(made.at(name), manifest.input.channels_last)) {
        draft_.lines.erase("output.logits");
        propose("output.probabilities", name, Source::measured);
      }
      const bool scores = task() == "classify";
      if (scores && !draft_.labels.empty() && draft_.labels.size() != answer.total())
        throw Error(ErrorCode::usage,
                    "the network makes " + std::to_string(answer.total()) + " scores, and there are " +
                        std::to_string(draft_.labels.size()) + " labels",
                    "give --labels a file of one name per line, in the order of the scores");
    }
  }

  /// A task's answer has a shape, whatever it means.
  void check_answer(const std::string& name, const cv::Mat& made) const {
    const Shape shape(made.size.p, made.size.p + made.dims);
    const auto long_sides = std::count_if(shape.begin(), shape.end(), [](std::int64_t side) { return side > 1; });
    std::string due;
    if ((task() == "classify" || task() == "embed") && long_sides > 1) due = "one vector";
    if ((task() == "segment" || task() == "cutout") && shape.size() < 3) due = "a map";
    if (task() == "detect" && shape.back() < 4 && shape[shape.size() - 2] < 4) due = "boxes of four numbers or more";
    if (!due.empty())
      fail("output \"" + name + "\" is " + text(shape) + ", and task " + task() + " needs " + due,
           "say another --task, or --output MEANING=NAME where the network has others");
  }

  /// Whether scores are from 0 to 1 and together 1: of a vector all, of a map those of each place.
  static bool is_distribution(const cv::Mat& scores, bool channels_last) {
    if (!cv::checkRange(scores.reshape(1, 1), true, nullptr, 0, 1 + 1e-4)) return false;
    const double classes = scores.dims == 4 ? scores.size[channels_last ? 3 : 1] : static_cast<double>(scores.total());
    const double places = static_cast<double>(scores.total()) / classes;
    return std::abs(cv::sum(scores.reshape(1, 1))[0] / places - 1) < 1e-2;
  }

  const NetworkFile file_;
  ModelDraft draft_;
  bool meaning_is_guessed_ = false;
};

}  // namespace

Manifest ModelDraft::manifest() const {
  std::map<std::string, std::map<std::string, std::string>> sections;
  for (const auto& [key, line] : lines) {
    const std::size_t dot = key.find('.');
    sections[key.substr(0, dot)][key.substr(dot + 1)] = line.value;
  }
  sections["part"]["network"] = network.filename().string();
  std::string text;
  for (const auto& [section, entries] : sections) {
    text += "[" + section + "]\n";
    for (const auto& [key, value] : entries) text += key + "=" + value + "\n";
  }
  return parse_manifest(text, fs::absolute(network).parent_path());
}

ModelDraft draft_model(const fs::path& from, const std::map<std::string, std::string>& given, const fs::path& labels,
                       const EngineChoice& choice) {
  std::error_code unreadable;
  const Contents contents = fs::is_directory(from, unreadable) ? contents_of(from) : Contents{from, {}, {}};
  return Drafter(contents.network, given).make(contents.keys, labels.empty() ? contents.labels : labels, choice);
}

const char* to_string(ModelDraft::Source source) {
  switch (source) {
    case Source::given:
      return "given";
    case Source::file:
      return "from the file";
    case Source::guessed:
      return "guessed";
    case Source::measured:
      return "measured";
  }
  return "";
}

}  // namespace calotype
