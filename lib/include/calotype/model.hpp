// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "calotype/engine.hpp"
#include "calotype/io.hpp"
#include "calotype/params.hpp"
#include "calotype/preprocess.hpp"
#include "calotype/signature.hpp"
#include "calotype/tiling.hpp"

namespace calotype {

/// What model.ini says (docs/models.md lists every key). Everything that a network needs to know beside its weights.
struct Manifest {
  std::string id, task, version, license, source;
  struct Part {
    std::filesystem::path file;
    std::string xxh128;  ///< checksum, 32 lower-case hex digits; verified when the part is read
    std::string uses;    ///< another part whose file this network's weights lie in, or ""; verified with it
  };
  std::map<std::string, Part> parts;
  TilePlan tile;
  double tile_memory = 0;  ///< bytes per pixel of a tile that running it takes at most; 0: not known
  /// Of networks that others made, how they are fed and what they answer; see docs/models.md, "Tasks".
  InputSpec input;
  std::map<std::string, std::string> outputs;      ///< names by what they mean: picture, logits, probabilities, ...
  SampleRange output_range;                        ///< of a picture
  int scale = 1;                                   ///< sides of a picture that it makes, per side of its input
  std::vector<std::string> precisions = {"fp32"};  ///< that its accuracy allows
  std::map<std::string, std::string> extra;        ///< task-specific keys, "section.key"
};

/// What a file model.ini with this text would say in `directory`. Throws corrupt, naming that file and the key.
CALOTYPE_API Manifest parse_manifest(const std::string& text, const std::filesystem::path& directory);

/// The tasks of networks that others made.
CALOTYPE_API const std::vector<std::string>& network_tasks();
/// What outputs of such a task may mean, one of which it must have; empty for others.
CALOTYPE_API std::vector<std::string> output_meanings(const std::string& task);

/// The model's own tiles, or with `max_megabytes` above 0 the largest with which this process, as it is now plus a
/// result of `pixels` and its file, stays below that. Throws limit with the least that would do, unsupported where the
/// model does not say what its network needs.
CALOTYPE_API TilePlan tile_plan(const Manifest& manifest, const cv::Mat& pixels, std::int64_t max_megabytes);

/// How to run it; what a person chose with engine=, device=, precision=, threads=.
struct EngineChoice {
  std::string engine = "auto", device = "auto", precision = "auto";
  int threads = 0;

  bool operator==(const EngineChoice& other) const {
    return engine == other.engine && device == other.device && precision == other.precision && threads == other.threads;
  }
};

/// Parameters engine, device, precision and threads, to append to an element's own.
CALOTYPE_API std::vector<ParamSpec> engine_params();
CALOTYPE_API EngineChoice engine_choice(const Params& params);

/// A model directory. Cheap to copy; may be shared between threads.
class CALOTYPE_API Model {
 public:
  /// `name`: an id found on the model path, or a directory that holds model.ini. Throws not_found listing what exists.
  static Model open(const std::string& name);
  /// One that may have no directory yet.
  static Model of(Manifest manifest);
  /// Ids of all models on the model path, first directory wins.
  static std::vector<std::string> list();
  /// Searched before $CALOTYPE_MODEL_PATH (absolute directories, colon-separated), the user's own (user_models()) and
  /// the installed and in-tree places.
  static void add_path(const std::filesystem::path& directory);

  const Manifest& manifest() const { return *manifest_; }
  /// The bytes of a non-network part, checksum verified.
  FileView read(const std::string& part) const;
  /// A network of this model; loaded once per process and choice, then shared, until its file is replaced. It is in use
  /// as long as anybody holds it or a session of it; of others some dozens are kept. engine=auto walks engines by
  /// priority and moves on only on `unsupported` or `engine`, or where there is no memory to open one, with one log
  /// line, unless all that is missing is a device that nobody asked for; a named engine never falls back.
  std::shared_ptr<Network> network(const std::string& part, const EngineChoice& choice) const;
  /// A session of that network, held to what its caller counts on: see held_to(). Whoever runs networks of models that
  /// others made runs them so.
  std::unique_ptr<Session> session(const std::string& part, const EngineChoice& choice,
                                   const Signature& signature) const;

 private:
  std::shared_ptr<const Manifest> manifest_;
};

/// Where the models of this user are: $XDG_DATA_HOME/calotype/models, or ~/.local/share/calotype/models. Empty where
/// neither variable holds an absolute path.
CALOTYPE_API std::filesystem::path user_models();

/// Every distinct engine/device/precision that loaded a network in this process, in order.
CALOTYPE_API std::vector<NetworkInfo> networks_in_use();

}  // namespace calotype
