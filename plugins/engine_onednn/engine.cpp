// SPDX-License-Identifier: Apache-2.0
#include "engine.hpp"

#include <omp.h>

#include <algorithm>
#include <oneapi/dnnl/dnnl.hpp>

#include "calotype/error.hpp"
#include "calotype/log.hpp"
#include "kernels/kernels.hpp"
#include "network/sized.hpp"
#include "onednn_backend.hpp"
#include "packed_backend.hpp"

namespace calotype {
namespace {

using namespace onednn;

class OnednnNetwork : public Network {
 public:
  OnednnNetwork(std::shared_ptr<const network::Program> program, std::shared_ptr<const Backend> backend,
                std::string precision, int threads)
      : program_(std::move(program)),
        backend_(std::move(backend)),
        precision_(std::move(precision)),
        threads_(threads) {}

  std::unique_ptr<Session> session() const override { return make_session(program_, backend_, threads_); }
  NetworkInfo info() const override { return {"onednn", "cpu", precision_}; }

 private:
  std::shared_ptr<const network::Program> program_;
  std::shared_ptr<const Backend> backend_;
  std::string precision_;
  int threads_;
};

}  // namespace

std::vector<Device> OnednnEngine::devices() const {
  const char* const fp32[] = {"", ", AVX2", ", AVX-512"};
  const char* const bf16[] = {"", ", bf16 vectors (AVX-512)", ", bf16 tiles (AMX)"};
  return {{"cpu", std::to_string(omp_get_num_procs()) + " cores" + fp32[int(kernels::float_unit())] +
                      bf16[int(kernels::unit())]}};
}

std::string OnednnEngine::version() const {
  const dnnl_version_t* v = dnnl_version();
  return "oneDNN " + std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch) +
         ", compiled against " + std::to_string(DNNL_VERSION_MAJOR) + "." + std::to_string(DNNL_VERSION_MINOR) + "." +
         std::to_string(DNNL_VERSION_PATCH);
}

std::shared_ptr<Network> OnednnEngine::load(const std::filesystem::path& onnx, const EngineOptions& options) {
  if (options.device != "auto" && options.device != "cpu")
    throw Error(ErrorCode::engine, "engine onednn has no device \"" + options.device + "\"", "use device=cpu");
  const auto accepts = [&](const char* precision) {
    return std::find(options.precisions.begin(), options.precisions.end(), precision) != options.precisions.end();
  };
  const bool bf16 = accepts("bf16") && kernels::unit() != kernels::Unit::none, fp32 = accepts("fp32");
  if (!bf16 && !fp32)
    throw Error(ErrorCode::unsupported, "engine onednn runs fp32, and bf16 only on CPUs with AVX512_BF16 or AMX",
                "use precision=fp32");
  const auto make = [=](network::Graph graph) -> std::shared_ptr<Network> {
    const auto program = std::make_shared<network::Program>(network::fuse(std::move(graph)));
    const auto network = [&](std::shared_ptr<const Backend> backend, const char* precision) {
      return std::make_shared<OnednnNetwork>(program, std::move(backend), precision, options.threads);
    };
    try {
      return network(make_packed_backend(program, !bf16), bf16 ? "bf16" : "fp32");
    } catch (const Error& e) {
      if (e.code() != ErrorCode::unsupported) throw;
      if (!fp32) throw Error(e.code(), std::string(e.what()) + " in bf16", "use precision=fp32");
      log(LogLevel::info, "engine onednn: " + e.full_text() + "; oneDNN's own kernels run all of " + onnx.string());
      return network(make_onednn_backend(program), "fp32");
    }
  };
  return network::load_folded(onnx, {"onednn", "cpu", bf16 ? "bf16" : "fp32"}, make);
}

}  // namespace calotype
