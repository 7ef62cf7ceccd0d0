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
  std::vector<std::string> precisions = {"fp32"};  ///< that its accuracy allows
  std::map<std::string, std::string> extra;        ///< task-specific keys, "section.key"
};

/// How to run it; what a person chose with engine=, device=, precision=, threads=.
struct EngineChoice {
  std::string engine = "auto", device = "auto", precision = "auto";
  int threads = 0;
};

/// Parameters engine, device, precision and threads, to append to an element's own.
CALOTYPE_API std::vector<ParamSpec> engine_params();
CALOTYPE_API EngineChoice engine_choice(const Params& params);

/// A model directory. Cheap to copy; may be shared between threads.
class CALOTYPE_API Model {
 public:
  /// `name`: an id found on the model path, or a directory that holds model.ini. Throws not_found listing what exists.
  static Model open(const std::string& name);
  /// Ids of all models on the model path, first directory wins.
  static std::vector<std::string> list();
  /// Searched before $CALOTYPE_MODEL_PATH (absolute directories, colon-separated) and the installed and in-tree places.
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

/// Every distinct engine/device/precision that loaded a network in this process, in order.
CALOTYPE_API std::vector<NetworkInfo> networks_in_use();

}  // namespace calotype
