// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "calotype/error.hpp"
#include "calotype/image.hpp"
#include "calotype/params.hpp"

namespace calotype {

/// Checked from Decoder::probe() before pixels are allocated.
struct Limits {
  std::int64_t max_pixels = std::int64_t(1) << 28;  ///< 268 megapixels
  std::int64_t max_file_bytes = std::int64_t(1) << 31;
};

enum class Colours {
  keep,  ///< as they are stored, with their profile
  srgb   ///< converted, without a profile
};

/// How pictures are taken in and given out.
struct Rules : Limits {
  Rules() = default;
  Rules(const Limits& limits) : Limits(limits) {}

  bool strict = false;   ///< a loss is an error (unsupported), not a warning
  bool lenient = false;  ///< of damaged files, what can be had: the parameter "lenient" of decoders that have one
  Colours colours = Colours::keep;
};

/// The whole file, or standard input for "-". Throws not_found, io or limit.
CALOTYPE_API Bytes read_file(const std::string& path, const Limits& limits = {});
/// A file of data that belongs to the program, such as weights: mapped into memory, read only, shared by copies of the
/// view. Whoever renews such a file replaces it: what is written into it in place shows, and where it shrinks, the
/// process that reads it ends.
class CALOTYPE_API FileView {
 public:
  /// Throws not_found, limit; io for anything but an ordinary file.
  explicit FileView(const std::string& path, const Limits& limits = {});
  const std::uint8_t* data() const;  ///< null where empty
  std::size_t size() const;

 private:
  struct Pages;
  std::shared_ptr<const Pages> pages_;
};

/// The file gets its name when it is whole: a reader never sees half of it, and a failure leaves nothing behind. A
/// process that is killed leaves at most `.calotype-XXXXXX.tmp`, and that only where it replaces a file or the file
/// system has no unnamed ones.
/// A file that is replaced hands its mode on, and its owner and group as far as this process may give files away; it is
/// replaced when the new one is on the disk. A symbolic link stays, and the file that it leads to is written.
/// "-" is standard output; devices and pipes are written to. Throws what check_writable() does, and io.
CALOTYPE_API void write_file(const std::string& path, const Bytes& bytes, bool overwrite = false);
/// What can be said before there is anything to write. Throws usage when the file exists and `overwrite` is false, for
/// a directory, and for a symbolic link to nothing; io or not_found for a path that cannot be.
CALOTYPE_API void check_writable(const std::string& path, bool overwrite);

/// A system call's failure, with the way out: not_found where the file or its folder does not exist, else io. `action`
/// completes "cannot ...", `error` is an errno.
CALOTYPE_API Error file_error(const std::string& path, const std::string& action, int error);

/// Decodes by content, then by `extension` (without the dot). Then the picture is made true: turned upright by EXIF
/// orientation, samples that are no finite numbers replaced, metadata that describes other pixels brought up to date,
/// thumbnails and a profile of another colour space removed. What gets lost is in Image::lost and a warning each, once
/// per kind. `name` is used in messages. `info` receives what probe() said where it is not null.
CALOTYPE_API Image decode(const Bytes& bytes, const std::string& extension = {}, const RawParams& params = {},
                          const Rules& rules = {}, const std::string& name = "input", ImageInfo* info = nullptr);
/// Header only: the size is that of the picture that decode() gives.
CALOTYPE_API ImageInfo probe(const Bytes& bytes, const std::string& extension = {}, const std::string& name = "input");
/// `format` is an encoder's name or extension. What the format cannot hold is a warning each, and added to `lost` where
/// that is not null.
CALOTYPE_API Bytes encode(const Image& image, const std::string& format, const RawParams& params = {},
                          const Rules& rules = {}, const std::string& name = "output", Losses* lost = nullptr);

/// read_file + decode, encode + write_file; the format follows the content, respectively the extension.
CALOTYPE_API Image read_image(const std::string& path, const RawParams& params = {}, const Rules& rules = {});
CALOTYPE_API void write_image(const std::string& path, const Image& image, const RawParams& params = {},
                              bool overwrite = false);

/// macOS keeps what belongs to `name` in `._name` where a file system is not its own; such a file holds no picture.
/// Four bytes are enough.
CALOTYPE_API bool is_apple_double(const Bytes& beginning);

/// "photo.JPG" -> "jpg"; "" without one.
CALOTYPE_API std::string extension_of(const std::string& path);

}  // namespace calotype
