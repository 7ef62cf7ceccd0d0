// SPDX-License-Identifier: Apache-2.0
// The models of this user, in user_models().
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "calotype/model_draft.hpp"

namespace calotype {

/// A model's folder that is being written beside those of the user: complete, but without its name until publish(). Not
/// published, it goes with this object; what a killed process has left goes when the next one is made.
class CALOTYPE_API StagedModel {
 public:
  /// Copies the draft's files and writes model.ini with their checksums. Throws usage where a model has that name
  /// already or user_models() is not known, io.
  explicit StagedModel(const ModelDraft& draft);
  ~StagedModel();
  StagedModel(const StagedModel&) = delete;
  StagedModel& operator=(const StagedModel&) = delete;

  /// May be opened as a model by its path.
  const std::filesystem::path& folder() const;
  /// Gives it its name; returns the folder of that name.
  std::filesystem::path publish();

 private:
  class Staging;
  std::string id_;
  std::unique_ptr<Staging> staging_;
};

/// Throws usage unless it can be the name of a model of this user: letters, digits, '.', '_', '-', and no model has it.
CALOTYPE_API void check_new_model(const std::string& id);

/// Ids of the models in user_models(), sorted.
CALOTYPE_API std::vector<std::string> models_of_user();
/// Throws not_found where this user has no such model, io.
CALOTYPE_API void remove_model(const std::string& id);

}  // namespace calotype
