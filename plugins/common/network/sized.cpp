// SPDX-License-Identifier: Apache-2.0
#include "sized.hpp"

#include <list>
#include <mutex>

#include "calotype/error.hpp"
#include "fold.hpp"
#include "inputs.hpp"

namespace calotype::network {
namespace {

using Sizes = std::map<std::string, Dims>;

constexpr std::size_t kKept = 4;
constexpr std::int64_t kUsualSide = 224;

/// The most recently used of a few things, by size.
template <class T>
class Recent {
 public:
  T* find(const Sizes& sizes) {
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry)
      if (entry->first == sizes) {
        entries_.splice(entries_.begin(), entries_, entry);
        return &entries_.front().second;
      }
    return nullptr;
  }
  T& put(const Sizes& sizes, T thing) {
    if (entries_.size() == kKept) entries_.pop_back();
    entries_.emplace_front(sizes, std::move(thing));
    return entries_.front().second;
  }

 private:
  std::list<std::pair<Sizes, T>> entries_;
};

class SizedNetwork : public Network, public std::enable_shared_from_this<SizedNetwork> {
 public:
  SizedNetwork(std::filesystem::path file, NetworkInfo info, Maker make, const Graph& graph)
      : file_(std::move(file)),
        make_(std::move(make)),
        declared_(graph.dims),
        inputs_(graph.inputs),
        info_(std::move(info)) {
    Sizes usual = declared_;
    for (const std::string& input : inputs_)
      if (!usual.count(input)) usual[input] = {-1, 3, -1, -1};
    for (auto& entry : usual)
      for (std::size_t d = 0; d < entry.second.size(); ++d)
        if (entry.second[d] < 0) entry.second[d] = d == 0 ? 1 : kUsualSide;
    try {
      info_ = of(usual)->info();
    } catch (const Error& e) {
      if (e.code() == ErrorCode::unsupported) throw;  // at any size
    }
  }

  std::unique_ptr<Session> session() const override;
  NetworkInfo info() const override { return info_; }

  std::shared_ptr<Network> of(const Sizes& sizes) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (const auto* known = networks_.find(sizes)) return *known;
    Graph graph = read_onnx(file_);
    fold(graph, sizes);
    return networks_.put(sizes, make_(std::move(graph)));
  }
  /// Of what is given as inputs, with as many dimensions as the file says.
  Sizes sizes(const TensorMap& in) const {
    Sizes all;
    for (const std::string& input : inputs_) {
      const auto given = in.find(input);
      if (given == in.end())
        throw Error(ErrorCode::engine, "input \"" + input + "\" is missing", "check the names of the inputs");
      const Shape shape = input_shape(input, given->second);
      const auto declared = declared_.find(input);
      const std::size_t rank = declared == declared_.end() ? 4 : declared->second.size();
      all[input] = rank == 2 ? Dims{shape[0], shape[1]} : Dims{shape[0], shape[1], shape[2], shape[3]};
    }
    return all;
  }

 private:
  std::filesystem::path file_;
  Maker make_;
  Sizes declared_;
  std::vector<std::string> inputs_;
  NetworkInfo info_;
  mutable std::mutex mutex_;
  mutable Recent<std::shared_ptr<Network>> networks_;
};

class SizedSession : public Session {
 public:
  explicit SizedSession(std::shared_ptr<const SizedNetwork> network) : network_(std::move(network)) {}

  void run(const TensorMap& in, TensorMap& out) override {
    const Sizes sizes = network_->sizes(in);
    std::unique_ptr<Session>* session = sessions_.find(sizes);
    if (!session) session = &sessions_.put(sizes, network_->of(sizes)->session());
    (*session)->run(in, out);
  }

 private:
  std::shared_ptr<const SizedNetwork> network_;
  Recent<std::unique_ptr<Session>> sessions_;
};

std::unique_ptr<Session> SizedNetwork::session() const { return std::make_unique<SizedSession>(shared_from_this()); }

}  // namespace

std::shared_ptr<Network> load_folded(const std::filesystem::path& file, const NetworkInfo& info, const Maker& make) {
  Graph graph = read_onnx(file);
  const Graph declared{graph.inputs, graph.outputs, {}, {}, graph.dims, {}, graph.opset};
  if (fold(graph, free_sizes(graph))) return make(std::move(graph));
  return std::make_shared<SizedNetwork>(file, info, make, declared);
}

}  // namespace calotype::network
