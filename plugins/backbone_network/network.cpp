// SPDX-License-Identifier: Apache-2.0
#include "network.hpp"

#include <calotype/error.hpp>

#include "../common/tiles.hpp"
#include "classifier.hpp"
#include "pictures.hpp"

namespace calotype::foreign {
namespace {

std::string who_runs(const std::string& task) {
  if (task == "restore") return "run it with denoise, deblock or inpaint";
  if (task == "codec") return "run it with compress and decompress";
  return "no element of this version runs that task";
}

}  // namespace

ElementInfo NetworkElement::info() {
  ElementInfo info;
  info.name = "network";
  info.doc = "Runs a network of your own: picture to picture, or picture to labels.";
  info.params = {{"model", std::string(), "the model, by name or folder; \"calotype model\" adds and lists them"},
                 {"top", std::int64_t(5), "how many labels a classifier gives", 1., 1000.}};
  for (ParamSpec& param : tiled_params()) info.params.push_back(std::move(param));
  return info;
}

void NetworkElement::open(const std::string& name, const EngineChoice& choice) {
  if (session_ && name == name_ && choice == choice_) return;
  if (name.empty())
    throw Error(ErrorCode::usage, "no model is named", "say model=NAME; \"calotype model list\" lists yours");
  auto model = std::make_unique<Model>(Model::open(name));
  const std::string& task = model->manifest().task;
  if (task != "image" && task != "classify")
    throw Error(ErrorCode::usage, "model " + name + " is for \"" + task + "\", not for image or classify",
                who_runs(task));
  session_ = model->network("network", choice)->session();
  model_ = std::move(model);
  name_ = name;
  choice_ = choice;
}

Image NetworkElement::run(Image image, const Params& params) {
  open(params.get<std::string>("model"), engine_choice(params));
  const Manifest& manifest = model_->manifest();
  if (manifest.task == "classify") {
    image.labels = classify(*session_, *model_, image.pixels, params.get<int>("top"));
    return image;
  }
  return make_picture(*session_, manifest, std::move(image),
                      tile_plan(manifest, image.pixels, params.get<std::int64_t>("max-memory")));
}

}  // namespace calotype::foreign
