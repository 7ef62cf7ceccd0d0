// SPDX-License-Identifier: Apache-2.0
// All that a plugin includes:
//
//   struct Invert : calotype::Backbone {
//     calotype::Image run(calotype::Image image, const calotype::Params&) override { ... }
//   };
//   CALOTYPE_PLUGIN("invert", "1.0", "Apache-2.0", "Photographic negative.") {
//     r.add<Invert>({calotype::Kind::backbone, "invert", "Photographic negative."});
//   }
//
// See docs/plugin-author.md and plugins/example.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <opencv2/core/version.hpp>
#include <type_traits>

#include "calotype/error.hpp"
#include "calotype/log.hpp"
#include "calotype/model.hpp"
#include "calotype/registry.hpp"

/// One number for the whole binary interface; a plugin is refused unless it is equal.
///   1  first version
///   2  Losses, IPTC and density, grey with alpha, ImageInfo::orientation
///   3  Manifest: input and outputs of networks that others made; TilePlan::window
#define CALOTYPE_PLUGIN_ABI 3

extern "C" {
/// Plain data, read with dlsym before any of the plugin's code is called.
struct calotype_plugin_header_t {
  std::uint32_t size;      ///< sizeof this struct
  std::uint32_t abi;       ///< CALOTYPE_PLUGIN_ABI
  std::uint32_t cv_major;  ///< OpenCV that it was compiled against: cv::Mat crosses the boundary
  std::uint32_t cv_minor;
  std::uint32_t cxx11_abi;  ///< _GLIBCXX_USE_CXX11_ABI: std::string crosses the boundary
  const char* name;
  const char* version;
  const char* license;
  const char* doc;
};
}

namespace calotype {

/// Handed to calotype_plugin_register(); valid only during that call.
class CALOTYPE_API Registrar {
 public:
  virtual ~Registrar();
  /// T derives from Decoder, Encoder, Backbone or Engine and has a default constructor that does no work.
  template <class T>
  void add(ElementInfo info) {
    if constexpr (std::is_base_of_v<Decoder, T>) {
      info.kind = Kind::decoder;
      add_decoder(std::move(info), [] { return std::unique_ptr<Decoder>(new T); });
    } else if constexpr (std::is_base_of_v<Encoder, T>) {
      info.kind = Kind::encoder;
      add_encoder(std::move(info), [] { return std::unique_ptr<Encoder>(new T); });
    } else if constexpr (std::is_base_of_v<Backbone, T>) {
      info.kind = Kind::backbone;
      add_backbone(std::move(info), [] { return std::unique_ptr<Backbone>(new T); });
    } else {
      static_assert(std::is_base_of_v<Engine, T>, "T must derive from Decoder, Encoder, Backbone or Engine");
      info.kind = Kind::engine;
      add_engine(std::move(info), [] { return std::unique_ptr<Engine>(new T); });
    }
  }

 protected:
  virtual void add_decoder(ElementInfo, std::function<std::unique_ptr<Decoder>()>) = 0;
  virtual void add_encoder(ElementInfo, std::function<std::unique_ptr<Encoder>()>) = 0;
  virtual void add_backbone(ElementInfo, std::function<std::unique_ptr<Backbone>()>) = 0;
  virtual void add_engine(ElementInfo, std::function<std::unique_ptr<Engine>()>) = 0;
};

}  // namespace calotype

#ifndef _GLIBCXX_USE_CXX11_ABI
#define _GLIBCXX_USE_CXX11_ABI 0
#endif

/// Opens the body of the registration function; `r` is the Registrar.
#define CALOTYPE_PLUGIN(NAME, VERSION, LICENSE, DOC)                                         \
  extern "C" __attribute__((visibility("default")))                                          \
  const calotype_plugin_header_t calotype_plugin_header = {sizeof(calotype_plugin_header_t), \
                                                           CALOTYPE_PLUGIN_ABI,              \
                                                           CV_VERSION_MAJOR,                 \
                                                           CV_VERSION_MINOR,                 \
                                                           _GLIBCXX_USE_CXX11_ABI,           \
                                                           NAME,                             \
                                                           VERSION,                          \
                                                           LICENSE,                          \
                                                           DOC};                             \
  extern "C" __attribute__((visibility("default"))) void calotype_plugin_register(calotype::Registrar& r)
