// SPDX-License-Identifier: Apache-2.0
#include "model_add.hpp"

#include <calotype/error.hpp>
#include <calotype/io.hpp>
#include <calotype/model_draft.hpp>
#include <calotype/model_store.hpp>
#include <filesystem>
#include <map>

#include "common/console.hpp"
#include "common/models.hpp"
#include "common/networks.hpp"
#include "common/sample.hpp"

using namespace calotype;

namespace {

/// Options that are keys of model.ini.
const struct {
  const char *option, *key, *argument, *doc;
} kKeys[] = {
    {"task", "model.task", "TASK", "What the network is for."},
    {"name", "model.id", "NAME", "The model's name (default: that of the file)."},
    {"license", "model.license", "TEXT", "Of the weights, for people."},
    {"source", "model.source", "TEXT", "Where they come from, for people."},
    {"input", "input.name", "NAME", "The input."},
    {"size", "input.size", "WxH|free", "Sides of the input."},
    {"fit", "input.fit", "HOW", "How pictures get that size: stretch, letterbox or crop."},
    {"channels", "input.channels", "ORDER", "Order of the input's channels: rgb, bgr or grey."},
    {"range", "input.range", "A..B", "What black and white are, such as 0..255."},
    {"mean", "input.mean", "X[,X,X]", "Then subtracted from the samples."},
    {"std", "input.std", "X[,X,X]", "Then they are divided by it."},
    {"scale", "output.scale", "N", "How much larger the picture becomes, 1 to 4."},
};

std::pair<std::string, std::string> assignment(const std::string& option, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw Error(ErrorCode::usage, "--" + option + " \"" + text + "\" has no \"=\" in it",
                option == "set" ? "write --set KEY=VALUE, for example --set tile.halo=16"
                                : "write --output MEANING=NAME, for example --output logits=out");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

std::map<std::string, std::string> given_keys(const std::string& file, const Arguments& arguments) {
  std::map<std::string, std::string> given;
  for (const auto& known : kKeys)
    if (arguments.has(known.option)) given[known.key] = arguments.text(known.option);
  for (const std::string& text : arguments.all("output")) {
    const auto [meaning, name] = assignment("output", text);
    given["output." + meaning] = name;
  }
  for (const std::string& text : arguments.all("set")) given.insert(assignment("set", text));
  given.insert({"model.id", std::filesystem::path(file + "/").parent_path().stem().string()});
  return given;
}

std::string text(const std::map<std::string, std::vector<int>>& shapes) {
  std::vector<std::string> words;
  for (const auto& [name, shape] : shapes) {
    std::string sides;
    for (const int side : shape) sides += (sides.empty() ? " " : "x") + std::to_string(side);
    words.push_back(name + sides);
  }
  return joined(words);
}

Json json(const std::map<std::string, std::vector<int>>& shapes) {
  Json::Members members;
  for (const auto& [name, shape] : shapes) members.push_back({name, Json::array({shape.begin(), shape.end()})});
  return Json::object(members);
}

struct Answer {
  std::string text;
  Json::Members json;
};

/// What came out of the sample.
Answer describe(const Image& image) {
  if (image.labels.empty()) {
    const int width = image.pixels.cols, height = image.pixels.rows;
    return {"  a picture of " + std::to_string(width) + "x" + std::to_string(height),
            {{"width", width}, {"height", height}}};
  }
  Answer answer;
  std::vector<Json> labels;
  for (const Label& label : image.labels) {
    answer.text += (answer.text.empty() ? "  " : "\n  ") + fixed(label.score, 4) + " " + label.name;
    labels.push_back(Json::object({{"name", label.name}, {"score", label.score}}));
  }
  answer.json = {{"labels", Json::array(labels)}};
  return answer;
}

void print_draft(const ModelDraft& draft) {
  for (const auto& [key, line] : draft.lines)
    print("  " + padded(key, 22) + padded(line.value, 24) + to_string(line.source));
  if (!draft.labels.empty()) print("  " + std::to_string(draft.labels.size()) + " labels");
  print("ran: " + text(draft.fed) + " -> " + text(draft.made) + networks_text());
}

Json json_of(const ModelDraft& draft) {
  std::vector<Json> lines;
  for (const auto& [key, line] : draft.lines)
    lines.push_back(Json::object({{"key", key}, {"value", line.value}, {"source", to_string(line.source)}}));
  return Json::array(lines);
}

}  // namespace

std::vector<Option> model_add_options() {
  std::vector<Option> options;
  for (const auto& known : kKeys) options.push_back({known.option, 0, known.argument, known.doc});
  options[0].choices = network_tasks();
  options.push_back(
      {"output", 0, "MEANING=NAME", "What an output of the network is, such as logits=out; may be repeated."});
  options.push_back({"set", 0, "KEY=VALUE", "Any other key of model.ini, such as tile.halo=16; may be repeated."});
  options.push_back({"labels", 0, "FILE", "Names of the classes, one per line, in the order of the scores."});
  options.push_back({"sample", 0, "FILE", "A picture to try it on (default: one that is drawn)."});
  return options;
}

void model_add(const std::string& file, const Arguments& arguments, const EngineChoice& choice) {
  const auto given = given_keys(file, arguments);
  const std::string id = given.at("model.id");
  check_new_model(id);
  const Image sample = arguments.has("sample") ? read_image(arguments.text("sample")) : sample_picture();
  const ModelDraft draft = draft_model(file, given, arguments.text("labels"), choice);
  StagedModel staged(draft);
  const bool tried = runs_in_network(draft.manifest());
  const Answer answer = tried ? describe(run_in_network(staged.folder().string(), choice, sample)) : Answer();
  const std::string folder = staged.publish().string();
  if (arguments.has("json")) {
    Json::Members members = {{"model", id},
                             {"folder", folder},
                             {"keys", json_of(draft)},
                             {"fed", json(draft.fed)},
                             {"made", json(draft.made)},
                             {"networks", networks_json()}};
    members.insert(members.end(), answer.json.begin(), answer.json.end());
    return print_json(Json::object(members));
  }
  print("model " + id);
  print_draft(draft);
  if (tried) print(arguments.text("sample", "a drawn picture") + ":\n" + answer.text);
  print("added: " + folder);
}
