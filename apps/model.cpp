// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <calotype/error.hpp>
#include <calotype/model_store.hpp>

#include "common/console.hpp"
#include "common/models.hpp"
#include "common/sample.hpp"
#include "model_add.hpp"
#include "verbs.hpp"

using namespace calotype;

namespace {

constexpr char kActions[] = "add list show check remove";

std::vector<Option> options() {
  std::vector<Option> all = model_add_options();
  all.push_back({"engine", 0, "NAME", "Engine that it is tried on (default: auto)."});
  all.push_back({"device", 0, "NAME", "Device of that engine (default: auto)."});
  all.push_back({"json", 0, "", "Print one JSON object per model."});
  return all;
}

/// Runs `work` for every name; one that fails must not hide the others.
template <class Work>
int for_each_model(const std::vector<std::string>& names, Work work) {
  int status = 0;
  for (const std::string& name : names) try {
      work(name);
    } catch (const Error& error) {
      print_error(model_verb.name, name + ": " + error.full_text());
      if (status == 0) status = exit_status(error.code());
    }
  return status;
}

int list(bool json) {
  const std::vector<std::string> own = models_of_user();
  return for_each_model(Model::list(), [&](const std::string& id) {
    const Manifest manifest = Model::open(id).manifest();
    const bool mine = std::find(own.begin(), own.end(), id) != own.end();
    if (json)
      print_json(Json::object({{"model", id}, {"task", manifest.task}, {"license", manifest.license}, {"own", mine}}));
    else
      print(padded(id, 24) + padded(manifest.task, 12) + (mine ? "yours" : ""));
  });
}

/// Checksums of all parts, and for networks of others a run on a drawn picture.
void check(const std::string& id, const EngineChoice& choice, bool json) {
  const Model model = Model::open(id);
  for (const auto& [name, part] : model.manifest().parts) model.read(name);
  if (model.manifest().parts.count("network")) model.network("network", choice);
  if (runs_in_network(model.manifest())) run_in_network(id, choice, sample_picture());
  if (json)
    print_json(Json::object({{"model", id}, {"ok", true}}));
  else
    print("ok      " + id);
}

int run(const Arguments& arguments) {
  const auto& operands = arguments.operands();
  const std::string action = operands.empty() ? "" : operands.front();
  const std::vector<std::string> names(operands.begin() + !operands.empty(), operands.end());
  const bool json = arguments.has("json");
  const EngineChoice choice = {arguments.text("engine", "auto"), arguments.text("device", "auto")};
  if (action == "list") return list(json);
  if (action == "check")
    return for_each_model(names.empty() ? models_of_user() : names,
                          [&](const std::string& id) { check(id, choice, json); });
  if (action != "add" && action != "show" && action != "remove")
    throw Error(ErrorCode::usage, action.empty() ? "nothing is said to be done" : "\"" + action + "\" is no action",
                "say one of " + std::string(kActions));
  if (names.empty())
    throw Error(ErrorCode::usage, action == "add" ? "no file is named" : "no model is named", "name one");
  if (action == "show")
    return for_each_model(names, [&](const std::string& id) { print_model(Model::open(id), json); });
  if (action == "remove") return for_each_model(names, [](const std::string& id) { remove_model(id); });
  if (names.size() > 1)
    throw Error(ErrorCode::usage, "several files are named",
                "add one at a time; name the folder where one needs several");
  model_add(names.front(), arguments, choice);
  return 0;
}

}  // namespace

const Verb model_verb = {
    "model",
    "add FILE|FOLDER --task TASK [options] | list | show NAME... | check [NAME...] | remove NAME...",
    "Make models of networks from elsewhere (.onnx, .tflite), list, check and remove them.",
    "  calotype model add upscale.onnx --task image\n"
    "  calotype model add net.onnx --task classify --name cats --labels cats.txt --sample cat.jpg\n"
    "  calotype run 'decode photo.jpg ! network model=upscale ! encode larger.png'\n"
    "  calotype model list\n"
    "  calotype model check",
    options,
    run,
    kActions};
