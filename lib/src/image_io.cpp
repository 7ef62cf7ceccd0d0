// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "calotype/error.hpp"
#include "calotype/registry.hpp"
#include "consistency.hpp"
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

/// As decoding will give it.
ImageInfo upright(ImageInfo info) {
  if (info.orientation > 4) std::swap(info.width, info.height);
  return info;
}

}  // namespace

Params decoder_params(const std::string& format, RawParams raw, const Rules& rules, const std::string& element) {
  const auto specs = Registry::global().describe(Kind::decoder, format).element.params;
  const auto is_lenient = [](const ParamSpec& spec) { return spec.name == "lenient"; };
  if (rules.lenient && std::any_of(specs.begin(), specs.end(), is_lenient)) raw.emplace("lenient", "on");
  return Params::validated(specs, raw, element);
}

Image decode_with(Decoder& decoder, const Bytes& bytes, const Params& params, const Rules& rules,
                  const std::string& name, ImageInfo* info) {
  Image image = naming(name, [&] {
    const ImageInfo probed = upright(decoder.probe_page(bytes, params));
    check_limits(probed, rules);
    if (info) *info = probed;
    Image decoded = decoder.decode(bytes, params);
    make_consistent(decoded, rules);
    return decoded;
  });
  announce(image.lost, rules, name);
  return image;
}

Bytes encode_with(Encoder& encoder, const Image& image, const Params& params, const Rules& rules,
                  const std::string& name, Losses* lost) {
  Losses here;
  Bytes bytes = encoder.encode(consistent(image, here), params, here);
  announce(here, rules, name);
  if (lost) lost->add(here);
  return bytes;
}

Image decode(const Bytes& bytes, const std::string& extension, const RawParams& params, const Rules& rules,
             const std::string& name, ImageInfo* info) {
  Registry& registry = Registry::global();
  std::string format;
  const auto decoder = naming(name, [&] {
    check_is_picture(bytes, name);
    return registry.decoder_for(bytes, extension, &format);
  });
  return decode_with(*decoder, bytes, decoder_params(format, params, rules, "decoder \"" + format + "\""), rules, name,
                     info);
}

ImageInfo probe(const Bytes& bytes, const std::string& extension, const std::string& name) {
  return naming(name, [&] {
    check_is_picture(bytes, name);
    return upright(Registry::global().decoder_for(bytes, extension)->probe(bytes));
  });
}

Bytes encode(const Image& image, const std::string& format, const RawParams& params, const Rules& rules,
             const std::string& name, Losses* lost) {
  Registry& registry = Registry::global();
  std::string known;
  const auto encoder = registry.encoder(format, &known);
  const auto specs = registry.describe(Kind::encoder, known).element.params;
  return encode_with(*encoder, image, Params::validated(specs, params, "encoder \"" + known + "\""), rules, name, lost);
}

Image read_image(const std::string& path, const RawParams& params, const Rules& rules) {
  return decode(read_file(path, rules), extension_of(path), params, rules, path);
}

void write_image(const std::string& path, const Image& image, const RawParams& params, bool overwrite) {
  check_writable(path, overwrite);
  write_file(path, encode(image, extension_of(path), params, {}, path), overwrite);
}

}  // namespace calotype
