// SPDX-License-Identifier: Apache-2.0
#include "calotype/error.hpp"
#include "calotype/registry.hpp"
#include "guard.hpp"
#include "io_internal.hpp"

namespace calotype {
namespace {

template <class F>
auto naming(const std::string& name, F&& f) {
  try {
    return f();
  } catch (const Error& e) {
    throw Error(e.code(), name + ": " + e.what(), e.hint());
  } catch (...) {
    rethrow_as_error(name);
  }
}

void check_limits(const ImageInfo& info, const Limits& limits) {
  const std::int64_t pixels = std::int64_t(info.width) * info.height;
  if (pixels > limits.max_pixels)
    throw Error(ErrorCode::limit,
                std::to_string(info.width) + "x" + std::to_string(info.height) + " is " + std::to_string(pixels) +
                    " pixels, over the limit of " + std::to_string(limits.max_pixels),
                "raise it with --max-pixels " + std::to_string(pixels) + " if you trust this file");
}

}  // namespace

Image decode_with(Decoder& decoder, const Bytes& bytes, const Params& params, const Limits& limits,
                  const std::string& name, ImageInfo* info) {
  return naming(name, [&] {
    const ImageInfo probed = decoder.probe(bytes);
    check_limits(probed, limits);
    Image image = decoder.decode(bytes, params);
    apply_orientation(image);
    if (info) *info = probed;
    return image;
  });
}

Image decode(const Bytes& bytes, const std::string& extension, const RawParams& params, const Limits& limits,
             const std::string& name, ImageInfo* info) {
  Registry& registry = Registry::global();
  std::string format;
  const auto decoder = naming(name, [&] {
    check_is_picture(bytes, name);
    return registry.decoder_for(bytes, extension, &format);
  });
  const auto specs = registry.describe(Kind::decoder, format).element.params;
  return decode_with(*decoder, bytes, Params::validated(specs, params, "decoder \"" + format + "\""), limits, name,
                     info);
}

ImageInfo probe(const Bytes& bytes, const std::string& extension, const std::string& name) {
  return naming(name, [&] {
    check_is_picture(bytes, name);
    return Registry::global().decoder_for(bytes, extension)->probe(bytes);
  });
}

Bytes encode(const Image& image, const std::string& format, const RawParams& params) {
  Registry& registry = Registry::global();
  std::string name;
  const auto encoder = registry.encoder(format, &name);
  const auto specs = registry.describe(Kind::encoder, name).element.params;
  return encoder->encode(image, Params::validated(specs, params, "encoder \"" + name + "\""));
}

Image read_image(const std::string& path, const RawParams& params, const Limits& limits) {
  return decode(read_file(path, limits), extension_of(path), params, limits, path);
}

void write_image(const std::string& path, const Image& image, const RawParams& params, bool overwrite) {
  check_writable(path, overwrite);
  write_file(path, encode(image, extension_of(path), params), overwrite);
}

}  // namespace calotype
