// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <calotype/model.hpp>
#include <calotype/registry.hpp>
#include <memory>
#include <string>

namespace calotype::foreign {

/// Runs any model of task `image` or `classify` (docs/models.md).
class NetworkElement : public Backbone {
 public:
  static ElementInfo info();
  Image run(Image image, const Params& params) override;

 private:
  void open(const std::string& model, const EngineChoice& choice);

  std::string name_;
  EngineChoice choice_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Session> session_;
};

}  // namespace calotype::foreign
