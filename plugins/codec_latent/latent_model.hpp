// SPDX-License-Identifier: Apache-2.0
// A learned codec's model: its tables, its integer networks, and sessions of its float networks.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "background.hpp"
#include "calotype/model.hpp"
#include "integer_network.hpp"
#include "range_coder.hpp"

namespace calotype::latent {

constexpr int kSteps = 4;                       ///< of the context model
constexpr int kHyperCell = 4;                   ///< latents per hyper-latent, each way
constexpr int kTables = 64;                     ///< sigma_i = 0.11 exp(i / 8)
constexpr int kRateSteps = 32;                  ///< rate positions between two anchors
constexpr int kBaseMin = -256, kBaseMax = 448;  ///< range of log sigma in 1/64 nat
constexpr int kFillMin = -192, kFillMax = 384;  ///< and of the argument of EntropyTables::fill

/// Everything that entropy decoding needs; integers only. Immutable.
struct EntropyTables {
  explicit EntropyTables(const Records& records);

  int channels = 0;                      ///< M, of the latents
  int hyper_channels = 0;                ///< of the hyper-latents
  int anchors = 0;                       ///< rates that were trained
  int skip = 0;                          ///< table indices below are not coded: the symbol is 0
  IntegerNetwork hyper;                  ///< hyper-latents -> log sigma
  IntegerNetwork context[kSteps - 1];    ///< known magnitudes, log sigma -> correction
  std::vector<std::int32_t> scale_bias;  ///< anchors x channels
  std::vector<std::int32_t> magnitude;   ///< 64 log(1 + m), m = 0..255
  std::vector<std::int32_t> fill;        ///< expected `magnitude` given log sigma
  SymbolTables symbols, hyper_symbols;
  std::vector<std::int32_t> symbol_shift;  ///< raw low bits beside the coded symbol
  /// Step 0 codes the first channels as differences from a prediction by the cells to the left, above, above left and
  /// above right: their weights in 1/256, and what is added to log sigma.
  std::vector<std::int32_t> predict_weight, predict_scale;
  std::vector<std::int16_t> first_correction;  ///< `predict_scale` for all channels

  int predicted() const { return int(predict_scale.size()); }

  int largest_rate() const { return (anchors - 1) * kRateSteps; }
  /// log sigma offset of each channel at a rate position.
  std::vector<std::int32_t> bias_at(int rate) const;
  static int index(int log_sigma) {
    const int i = (log_sigma + 145) >> 3;
    return i < 0 ? 0 : i >= kTables ? kTables - 1 : i;
  }
};

/// Float factors per channel at one rate position.
struct Gains {
  std::vector<float> forward;  ///< latents are multiplied by this before rounding
  std::vector<float> inverse;  ///< and by this before synthesis
  std::vector<float> norm;     ///< unit of the mean networks
};

/// Asks a session for its output with channels innermost, in place of one that is there already.
inline cv::Mat channels_last() { return cv::Mat(std::vector<int>{1, 1, 1}, CV_32F); }

/// In which a network runs: as the caller of the codec chose, or in fp32 if the model allows it.
enum class Arithmetic { chosen, fp32 };

class LatentModel {
 public:
  struct Part {
    std::string name;
    Arithmetic arithmetic = Arithmetic::chosen;

    bool operator<(const Part& other) const {
      return std::tie(name, arithmetic) < std::tie(other.name, other.arithmetic);
    }
  };
  using Parts = std::vector<Part>;
  /// Loads networks in the background, in this order, for callers who are going to use them, as long as any of them
  /// holds on to what is returned; null where there is nothing to do. Errors show when a network is used.
  static std::shared_ptr<Background> prepare(const std::string& name, const EngineChoice& choice, const Parts& parts);
  /// Shared per process, model and engine choice; of those that nobody uses a few are kept. Throws not_found, corrupt.
  static std::shared_ptr<LatentModel> open(const std::string& name, const EngineChoice& choice);
  /// Ids of the codec models that there are, by hash().
  static std::map<std::uint32_t, std::string> installed();
  /// The id of the installed codec model whose hash is `hash`. Throws model_mismatch naming those that there are.
  static std::string find(std::uint32_t hash);

  const Model& model() const { return model_; }
  const EntropyTables& tables() const { return tables_; }
  /// CRC-32 over the checksums of every part that decoding depends on; stands in each file's header.
  std::uint32_t hash() const { return hash_; }
  Gains gains(int rate) const;
  /// Weight of a bit against squared error in units of the step, for the encoder's rounding.
  float rounding() const { return rounding_; }
  /// Weight of squared error (samples in 0..255, mean over the picture) against bits per pixel that the rate was
  /// trained for.
  float lambda(int rate) const;

  /// The float networks; all but synthesis_gradient have one input "x" and one output "y". One thread at a time; made
  /// when first used.
  class Networks {
   public:
    explicit Networks(const LatentModel& owner) : owner_(owner) {}
    Session& session(const std::string& part, Arithmetic arithmetic = Arithmetic::chosen);
    /// In which the chosen engine runs it.
    bool is_fp32(const std::string& part) const;
    /// From h,w,C to h,w,C, whose memory is used again when it fits.
    void run(const std::string& part, const cv::Mat& x, cv::Mat& y, Arithmetic arithmetic = Arithmetic::chosen);

   private:
    const LatentModel& owner_;
    std::map<std::pair<std::string, Arithmetic>, std::unique_ptr<Session>> sessions_;
  };
  /// A set of networks, returned to the model when the pointer goes, so that many pictures share few sessions.
  using Lease = std::unique_ptr<Networks, std::function<void(Networks*)>>;
  static Lease lease(const std::shared_ptr<LatentModel>& model);

 private:
  LatentModel(const Model& model, const EngineChoice& choice, const Records& records);
  std::vector<float> interpolate(const std::vector<float>& anchors, int rate) const;

  Model model_;
  EngineChoice choice_;
  EntropyTables tables_;
  std::vector<float> gain_, inverse_, norm_;  // logarithms, anchors x channels
  std::vector<float> lambda_;                 // anchors
  float rounding_;
  std::uint32_t hash_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Networks>> idle_;
};

}  // namespace calotype::latent
