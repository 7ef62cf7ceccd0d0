// SPDX-License-Identifier: Apache-2.0
#include "session.hpp"

#include <omp.h>

#include <algorithm>
#include <list>
#include <opencv2/core.hpp>

#include "../common/channels_last.hpp"
#include "../common/pictures.hpp"
#include "arena.hpp"
#include "calotype/error.hpp"
#include "elementwise.hpp"
#include "network/inputs.hpp"
#include "openmp.hpp"
#include "parallel.hpp"

namespace calotype::onednn {
namespace {

using network::Program;
using network::Shape;

constexpr std::size_t kPlans = 4;                      // inner tiles, right edge, bottom edge, corner
constexpr std::size_t kLittle = std::size_t(4) << 20;  // bytes of an arena that are kept from the first run on
constexpr std::size_t kNear = std::size_t(8) << 20;    // bytes that stay in the last cache with the weights

/// Gives an output its shape, of 2 or 4 dimensions. Returns where the network may put it by itself, or nullptr.
float* make_room(cv::Mat& to, const Shape& shape, std::size_t rank) {
  if (is_picture(to)) {
    if (shape[0] != 1 || shape[1] != 3 || shape[2] != to.rows || shape[3] != to.cols)
      throw Error(ErrorCode::engine, "a picture given for an output does not fit it", "check its size");
    return nullptr;
  }
  const bool channels_last = is_channels_last(to) && shape[0] == 1;
  const int last[] = {shape[2], shape[3], shape[1]};
  channels_last ? to.create(3, last, CV_32F) : to.create(int(rank), shape.data(), CV_32F);
  return channels_last && to.isContinuous() ? to.ptr<float>() : nullptr;
}

/// The calling thread's settings, oneDNN's and ours: put back afterwards.
class Settings {
 public:
  explicit Settings(const Parallelism& wanted) : openmp_threads_(omp_get_max_threads()), before_(parallelism()) {
    if (wanted.openmp) omp_set_num_threads(openmp_threads(wanted.threads ? wanted.threads : openmp_threads_));
    parallelism() = wanted;
  }
  ~Settings() {
    omp_set_num_threads(openmp_threads_);
    parallelism() = before_;
  }
  Settings(const Settings&) = delete;
  Settings& operator=(const Settings&) = delete;

 private:
  int openmp_threads_;
  Parallelism before_;
};

class ArenaLease {
 public:
  ArenaLease(Arenas& from, std::size_t bytes, bool keep) : from_(from), arena_(from.take(bytes)), keep_(keep) {}
  ~ArenaLease() {
    if (keep_) from_.put_back(std::move(arena_));
  }
  ArenaLease(const ArenaLease&) = delete;
  ArenaLease& operator=(const ArenaLease&) = delete;
  char* data() const { return arena_.data.get(); }

 private:
  Arenas& from_;
  Arena arena_;
  bool keep_;
};

class ProgramSession : public Session {
 public:
  ProgramSession(std::shared_ptr<const Program> program, std::shared_ptr<const Backend> backend, int threads)
      : program_(std::move(program)), backend_(std::move(backend)), threads_(threads) {}

  void run(const TensorMap& in, TensorMap& out) override {
    const Settings settings({threads_, backend_->uses_openmp()});
    const std::vector<Shape> shapes = network::input_shapes(*program_, in);
    const std::vector<Shape> values = program_->shapes(shapes);
    Results results;
    for (std::size_t i = 0; i < program_->outputs.size(); ++i) {
      const auto& [name, value] = program_->outputs[i];
      results.push_back(make_room(out[name], values[std::size_t(value)], program_->ranks[i]));
    }

    PlacedPlan& placed = plan_for(shapes, values, results);
    Plan& plan = *placed.plan;
    if (plan.bytes > kNear && is_of_images(values)) return run_images(values[0][0], in, out);
    // A first run may be the only one: whatever comes next has better use for much memory that was touched already.
    const ArenaLease arena(*arenas_, plan.bytes, ran_before_ || plan.bytes <= kLittle);
    ran_before_ = true;
    if (placed.memory != arena.data() || placed.results != results) {
      placed.memory = nullptr;
      plan.place(arena.data(), results);
      placed.memory = arena.data();
      placed.results = results;
    }
    for (const auto& [name, value] : program_->inputs) plan.load(value, in.at(name));
    plan.run();
    for (const auto& [name, value] : program_->outputs) {
      const View& view = plan.views[std::size_t(value)];
      cv::Mat& to = out[name];
      if (view.data != reinterpret_cast<const char*>(to.data)) store(view, to);
    }
  }

 private:
  struct PlacedPlan {
    std::vector<Shape> shapes;  // of the inputs
    std::vector<bool> wanted;   // outputs
    std::unique_ptr<Plan> plan;
    char* memory = nullptr;  // where it was placed last
    Results results;
  };

  /// Whether this is a batch of which every image could be run by itself.
  bool is_of_images(const std::vector<Shape>& values) const {
    const auto mixes = [](const network::Step& step) {
      return step.kind == network::Step::Kind::rearrange || step.count[0] != 0;
    };
    const int images = values[0][0];
    return images > 1 && std::all_of(values.begin(), values.end(), [&](const Shape& s) { return s[0] == images; }) &&
           std::none_of(program_->steps.begin(), program_->steps.end(), mixes);
  }
  /// One after another, because each stays in the caches.
  void run_images(int images, const TensorMap& in, TensorMap& out) {
    const auto image = [](const cv::Mat& tensor, int i) {
      std::vector<int> sides(tensor.size.p, tensor.size.p + tensor.dims);
      sides[0] = 1;
      return cv::Mat(sides, CV_32F, const_cast<float*>(tensor.ptr<float>(i)));
    };
    for (int i = 0; i < images; ++i) {
      TensorMap one_in, one_out;
      for (const auto& [name, tensor] : in) one_in[name] = image(tensor, i);
      for (const auto& output : program_->outputs) one_out[output.first] = image(out.at(output.first), i);
      run(one_in, one_out);
    }
  }

  PlacedPlan& plan_for(const std::vector<Shape>& shapes, const std::vector<Shape>& values, const Results& results) {
    std::vector<bool> wanted;
    for (const float* result : results) wanted.push_back(result != nullptr);
    const auto found = std::find_if(plans_.begin(), plans_.end(),
                                    [&](const auto& p) { return p.shapes == shapes && p.wanted == wanted; });
    if (found != plans_.end()) {
      plans_.splice(plans_.begin(), plans_, found);
    } else {
      if (plans_.size() == kPlans) plans_.pop_back();
      plans_.push_front({shapes, wanted, backend_->plan(values, wanted), nullptr, {}});
    }
    return plans_.front();
  }

  std::shared_ptr<const Program> program_;
  std::shared_ptr<const Backend> backend_;
  int threads_;
  bool ran_before_ = false;
  std::shared_ptr<Arenas> arenas_ = Arenas::shared();
  std::list<PlacedPlan> plans_;  // last used first
};

}  // namespace

std::unique_ptr<Session> make_session(std::shared_ptr<const Program> program, std::shared_ptr<const Backend> backend,
                                      int threads) {
  return std::make_unique<ProgramSession>(std::move(program), std::move(backend), threads);
}

}  // namespace calotype::onednn
