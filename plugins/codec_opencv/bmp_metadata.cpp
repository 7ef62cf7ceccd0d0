// SPDX-License-Identifier: Apache-2.0
// BITMAPINFOHEADER and BITMAPV5HEADER of Windows.
#include "bmp_metadata.hpp"

#include "../common/density.hpp"
#include "byte_view.hpp"

namespace calotype {
namespace {

constexpr std::uint64_t kHeader = 14, kDensityX = 38, kDensityY = 42, kColours = 70, kCalibration = 74, kProfile = 126,
                        kProfileSize = 130;
constexpr std::uint32_t kInfoSize = 40, kV4Size = 108, kV5Size = 124;  // of headers

}  // namespace

void read_bmp_metadata(const Bytes& file, Image& image) {
  const ByteView view(file, "BMP");
  const std::uint32_t size = view.le32(kHeader);
  if (size >= kInfoSize && view.le32(kDensityX) < 0x80000000 && view.le32(kDensityY) < 0x80000000)
    image.meta.density = {per_inch(view.le32(kDensityX)), per_inch(view.le32(kDensityY))};
  if (size >= kV4Size && view.le32(kColours) == 0 && view.slice(kCalibration, 36) != Bytes(36))
    image.lost.add(LossKind::colour, "the calibration of its colours is left out, and sRGB is assumed");
  if (size < kV5Size) return;
  const std::uint64_t at = kHeader + view.le32(kProfile), count = view.le32(kProfileSize);
  if (view.equal(kColours, "DEBM") && view.has(at, count))  // "MBED", little-endian
    image.meta.icc = view.slice(at, count);
  else if (view.equal(kColours, "DEBM") || view.equal(kColours, "KNIL"))
    image.lost.add(LossKind::icc, "the colour profile is not in the file");
}

void write_bmp_density(const Density& density, Bytes& file) {
  for (const auto& [at, value] : {std::pair{kDensityX, density.x}, std::pair{kDensityY, density.y}})
    for (std::size_t i = 0; i < 4; ++i) file[at + i] = static_cast<std::uint8_t>(per_metre(value) >> (8 * i));
}

}  // namespace calotype
