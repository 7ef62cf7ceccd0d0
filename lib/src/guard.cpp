// SPDX-License-Identifier: Apache-2.0
#include "guard.hpp"

#include <utility>

#include "calotype/error.hpp"
#include "pool.hpp"

namespace calotype {
namespace {

const char* const kReport = "this is a bug in the plugin; please report it to its author";

std::string who(const Origin& origin) {
  return std::string(to_string(origin.kind)) + " \"" + origin.name + "\" (" + origin.file.string() + ")";
}

template <class F>
auto guarded(const Origin& origin, F&& call) {
  try {
    return call();
  } catch (...) {
    rethrow_as_error(who(origin));
  }
}

/// For calls that work on pictures and networks.
template <class F>
auto guarded_work(const Origin& origin, F&& call) {
  return guarded(origin, [&] {
    start_pool();
    return call();
  });
}

[[noreturn]] void broken_contract(const Origin& origin, const std::string& what) {
  throw Error(ErrorCode::plugin, who(origin) + " " + what, kReport);
}

void check_result(const Origin& origin, const Image& image) {
  try {
    validate(image);
  } catch (const Error& e) {
    broken_contract(origin, std::string("returned a bad image: ") + e.what());
  }
}

class GuardedDecoder : public Decoder {
 public:
  GuardedDecoder(std::unique_ptr<Decoder> inner, Origin origin)
      : inner_(std::move(inner)), origin_(std::move(origin)) {}

  ImageInfo probe(const Bytes& bytes) const override {
    return checked([&] { return inner_->probe(bytes); });
  }
  ImageInfo probe_page(const Bytes& bytes, const Params& params) const override {
    return checked([&] { return inner_->probe_page(bytes, params); });
  }

  Image decode(const Bytes& bytes, const Params& params) override {
    Image image = guarded_work(origin_, [&] { return inner_->decode(bytes, params); });
    check_result(origin_, image);
    return image;
  }

 private:
  template <class Call>
  ImageInfo checked(Call probing) const {
    ImageInfo info = guarded(origin_, probing);
    const bool channels = info.channels >= 1 && info.channels <= 4;
    const bool depth = info.bit_depth == 8 || info.bit_depth == 16 || info.bit_depth == 32;
    if (info.width < 1 || info.height < 1 || !channels || !depth || info.orientation < 1 || info.orientation > 8)
      broken_contract(origin_, "probed an impossible picture of " + std::to_string(info.width) + "x" +
                                   std::to_string(info.height) + ", " + std::to_string(info.channels) + " channels, " +
                                   std::to_string(info.bit_depth) + " bits");
    info.format = origin_.name;
    return info;
  }

  std::unique_ptr<Decoder> inner_;
  Origin origin_;
};

class GuardedEncoder : public Encoder {
 public:
  GuardedEncoder(std::unique_ptr<Encoder> inner, Origin origin)
      : inner_(std::move(inner)), origin_(std::move(origin)) {}

  void prepare(const Params& params) override {
    guarded(origin_, [&] { inner_->prepare(params); });
  }
  Bytes encode(const Image& image, const Params& params, Losses& lost) override {
    validate(image);
    Bytes bytes = guarded_work(origin_, [&] { return inner_->encode(image, params, lost); });
    if (bytes.empty()) broken_contract(origin_, "returned an empty file");
    return bytes;
  }

 private:
  std::unique_ptr<Encoder> inner_;
  Origin origin_;
};

class GuardedBackbone : public Backbone {
 public:
  GuardedBackbone(std::unique_ptr<Backbone> inner, Origin origin)
      : inner_(std::move(inner)), origin_(std::move(origin)) {}

  Image run(Image image, const Params& params) override {
    validate(image);
    Image result = guarded_work(origin_, [&] { return inner_->run(std::move(image), params); });
    check_result(origin_, result);
    return result;
  }

 private:
  std::unique_ptr<Backbone> inner_;
  Origin origin_;
};

/// A picture that the caller put there to be filled.
bool is_as_asked(const TensorMap& asked, const std::string& name, const cv::Mat& got) {
  const auto found = asked.find(name);
  return found != asked.end() && found->second.type() == got.type() && found->second.size() == got.size();
}

class GuardedSession : public Session {
 public:
  GuardedSession(std::unique_ptr<Session> inner, Origin origin, std::shared_ptr<const Network> network)
      : network_(std::move(network)), inner_(std::move(inner)), origin_(std::move(origin)) {}

  void run(const TensorMap& in, TensorMap& out) override {
    const TensorMap asked = out;  // headers alone
    guarded_work(origin_, [&] { inner_->run(in, out); });
    for (const auto& [name, tensor] : out)
      if (tensor.empty() || (tensor.type() != CV_32F && !is_as_asked(asked, name, tensor)))
        broken_contract(origin_, "returned a bad tensor as output \"" + name + "\"");
  }

 private:
  std::shared_ptr<const Network> network_;  // as long as it has sessions it is in use, and stays loaded
  std::unique_ptr<Session> inner_;
  Origin origin_;
};

class GuardedNetwork : public Network, public std::enable_shared_from_this<GuardedNetwork> {
 public:
  GuardedNetwork(std::shared_ptr<Network> inner, Origin origin)
      : inner_(std::move(inner)), origin_(std::move(origin)) {}

  std::unique_ptr<Session> session() const override {
    auto session = guarded(origin_, [&] { return inner_->session(); });
    if (!session) broken_contract(origin_, "made no session");
    return std::make_unique<GuardedSession>(std::move(session), origin_, shared_from_this());
  }

  NetworkInfo info() const override {
    return guarded(origin_, [&] { return inner_->info(); });
  }

 private:
  std::shared_ptr<Network> inner_;
  Origin origin_;
};

class GuardedEngine : public Engine {
 public:
  GuardedEngine(std::unique_ptr<Engine> inner, Origin origin) : inner_(std::move(inner)), origin_(std::move(origin)) {}

  std::vector<Device> devices() const override {
    return guarded(origin_, [&] { return inner_->devices(); });
  }

  std::string version() const override {
    return guarded(origin_, [&] { return inner_->version(); });
  }

  std::shared_ptr<Network> load(const std::filesystem::path& onnx, const EngineOptions& options) override {
    auto network = guarded_work(origin_, [&] { return inner_->load(onnx, options); });
    if (!network) broken_contract(origin_, "loaded no network from " + onnx.string());
    return std::make_shared<GuardedNetwork>(std::move(network), origin_);
  }

 private:
  std::unique_ptr<Engine> inner_;
  Origin origin_;
};

template <class Guarded, class T>
std::unique_ptr<T> wrap(const FactoryOf<T>& make, const Origin& origin) {
  auto inner = guarded(origin, make);
  if (!inner) broken_contract(origin, "could not be made");
  return std::make_unique<Guarded>(std::move(inner), origin);
}

}  // namespace

void rethrow_as_error(const std::string& who) { throw current_error(who, ErrorCode::plugin); }

std::unique_ptr<Decoder> make_guarded(const FactoryOf<Decoder>& make, const Origin& origin) {
  return wrap<GuardedDecoder>(make, origin);
}
std::unique_ptr<Encoder> make_guarded(const FactoryOf<Encoder>& make, const Origin& origin) {
  return wrap<GuardedEncoder>(make, origin);
}
std::unique_ptr<Backbone> make_guarded(const FactoryOf<Backbone>& make, const Origin& origin) {
  return wrap<GuardedBackbone>(make, origin);
}
std::unique_ptr<Engine> make_guarded(const FactoryOf<Engine>& make, const Origin& origin) {
  return wrap<GuardedEngine>(make, origin);
}

}  // namespace calotype
