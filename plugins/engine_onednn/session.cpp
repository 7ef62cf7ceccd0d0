// SPDX-License-Identifier: Apache-2.0
#include "session.hpp"

#include <omp.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <list>
#include <new>
#include <opencv2/core.hpp>

#include "../common/pictures.hpp"
#include "calotype/error.hpp"
#include "elementwise.hpp"
#include "parallel.hpp"

namespace calotype::onednn {
namespace {

using network::Program;
using network::Shape;

constexpr std::size_t kPlans = 4;  // inner tiles, right edge, bottom edge, corner
constexpr std::size_t kLargePage = 1 << 21;

Error wrong_input(const std::string& what) {
  return Error(ErrorCode::engine, what, "check names and shapes of the inputs");
}

Shape shape_of(const std::string& name, const cv::Mat& m) {
  if (is_picture(m)) return {1, 3, m.rows, m.cols};
  if (m.type() != CV_32F || !m.isContinuous() || m.empty() || (m.dims != 4 && m.dims != 2))
    throw wrong_input("input \"" + name + "\" is no continuous N,C,H,W tensor of floats");
  if (m.dims == 2) return {m.size[0], m.size[1], 1, 1};
  return {m.size[0], m.size[1], m.size[2], m.size[3]};
}

/// The calling thread's settings, oneDNN's and ours: put back afterwards.
class Settings {
 public:
  explicit Settings(const Parallelism& wanted) : openmp_threads_(omp_get_max_threads()), before_(parallelism()) {
    if (wanted.threads) omp_set_num_threads(wanted.threads);
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

class ProgramSession : public Session {
 public:
  ProgramSession(std::shared_ptr<const Program> program, std::shared_ptr<const Backend> backend, int threads)
      : program_(std::move(program)), backend_(std::move(backend)), threads_(threads) {}

  void run(const TensorMap& in, TensorMap& out) override {
    const Settings settings({threads_, backend_->uses_openmp()});
    std::vector<Shape> shapes;
    for (const auto& input : program_->inputs) {
      const auto given = in.find(input.first);
      if (given == in.end()) throw wrong_input("input \"" + input.first + "\" is missing");
      shapes.push_back(shape_of(given->first, given->second));
    }
    if (in.size() != program_->inputs.size())
      throw wrong_input("the network has " + std::to_string(shapes.size()) + " inputs, got " +
                        std::to_string(in.size()));
    Plan& plan = plan_for(shapes);
    for (const auto& [name, value] : program_->inputs) load(in.at(name), plan.views[std::size_t(value)]);
    plan.run();
    for (const auto& [name, value] : program_->outputs) {
      const View& view = plan.views[std::size_t(value)];
      cv::Mat& to = out[name];
      if (is_picture(to)) {
        if (view.images != 1 || view.channels != 3 || view.rows != to.rows || view.columns != to.cols)
          throw wrong_input("output \"" + name + "\" does not fit the picture given for it");
      } else {
        const int dims[] = {view.images, view.channels, view.rows, view.columns};
        to.create(4, dims, CV_32F);
      }
      store(view, to);
    }
  }

 private:
  Plan& plan_for(const std::vector<Shape>& shapes) {
    auto found = std::find_if(plans_.begin(), plans_.end(), [&](const auto& p) { return p.first == shapes; });
    if (found == plans_.end()) {
      std::unique_ptr<Plan> plan = backend_->plan(program_->shapes(shapes));
      if (plan->bytes > arena_.size()) {
        plans_.clear();  // they work in the memory that goes
        arena_.grow(plan->bytes);
      }
      plan->place(arena_.data());
      if (plans_.size() == kPlans) plans_.pop_back();
      plans_.emplace_front(shapes, std::move(plan));
    } else {
      plans_.splice(plans_.begin(), plans_, found);
    }
    return *plans_.front().second;
  }

  std::shared_ptr<const Program> program_;
  std::shared_ptr<const Backend> backend_;
  int threads_;
  Arena arena_;
  std::list<std::pair<std::vector<Shape>, std::unique_ptr<Plan>>> plans_;  // last used first
};

}  // namespace

Arena::~Arena() { std::free(data_); }

void Arena::grow(std::size_t bytes) {
  std::free(data_);
  size_ = (bytes + kLargePage - 1) / kLargePage * kLargePage;
  data_ = static_cast<char*>(std::aligned_alloc(kLargePage, size_));
  if (!data_) {
    size_ = 0;
    throw std::bad_alloc();
  }
#ifdef MADV_HUGEPAGE
  madvise(data_, size_, MADV_HUGEPAGE);
#endif
}

std::unique_ptr<Session> make_session(std::shared_ptr<const Program> program, std::shared_ptr<const Backend> backend,
                                      int threads) {
  return std::make_unique<ProgramSession>(std::move(program), std::move(backend), threads);
}

}  // namespace calotype::onednn
