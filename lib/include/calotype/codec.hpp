// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/image.hpp"
#include "calotype/params.hpp"

namespace calotype {

/// Reads one file format. Distinct objects may be used from distinct threads; one object by one thread at a time.
/// Input is hostile by assumption: an implementation throws Error{corrupt | unsupported | limit | model_mismatch} and
/// nothing else, and allocates in proportion to what probe() reported.
class CALOTYPE_API Decoder {
 public:
  virtual ~Decoder();
  /// Header only, bounded work, no pixel memory. The host checks limits on the result before it calls decode().
  virtual ImageInfo probe(const Bytes& bytes) const = 0;
  /// The same of the picture that a parameter "page" chooses, for formats that have one: it may be larger than the
  /// first. This is what the host asks before it decodes.
  virtual ImageInfo probe_page(const Bytes& bytes, const Params& params) const;
  /// The whole picture with its metadata, pixels as stored (the host applies EXIF orientation). What it cannot hand on
  /// is in `lost`. Formats of several pictures give the first one, or the one that a parameter "page" asks for, and
  /// report the others as frames. A parameter "lenient", where there is one, is what --lenient sets: what can be had of
  /// a damaged file, with the loss of pixels reported.
  virtual Image decode(const Bytes& bytes, const Params& params) = 0;
};

/// Writes one file format. Threads as for Decoder.
class CALOTYPE_API Encoder {
 public:
  virtual ~Encoder();
  /// The complete file. What the format cannot hold is converted and added to `lost`, or refused with unsupported.
  virtual Bytes encode(const Image& image, const Params& params, Losses& lost) = 0;
  /// A hint that encode() will follow on some encoder of this kind: what it needs may be loaded in the background, as
  /// long as this object lives, while the caller still reads the picture. Returns at once, and fails silently: encode()
  /// meets the same error. The destructor waits for what is being loaded, a part of a model at most.
  virtual void prepare(const Params& params);
};

}  // namespace calotype
