// SPDX-License-Identifier: Apache-2.0
// Numbers of tags that are read or written without libtiff.
#pragma once
#include <cstdint>

namespace calotype {

enum Tag : std::uint16_t {
  tag_subfile_bits = 254,
  tag_old_subfile = 255,
  tag_image_description = 270,
  tag_orientation = 274,
  tag_x_resolution = 282,
  tag_y_resolution = 283,
  tag_resolution_unit = 296,
  tag_sub_directories = 330,
  tag_xmp = 700,
  tag_iptc = 33723,
  tag_photoshop = 34377,
  tag_exif = 34665,
  tag_icc = 34675,
  tag_gps = 34853,
  tag_layers = 37724,
  tag_makers_note = 37500,
  tag_interoperability = 40965,
};

}  // namespace calotype
