// SPDX-License-Identifier: Apache-2.0
#include <opencv2/core.hpp>

#include "support.hpp"

using namespace calotype;

namespace {

void put(Bytes& file, std::size_t at, std::size_t value) {
  for (std::size_t i = 0; i < 4; ++i) file[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

/// A picture with the header of 124 bytes, whose colours are of the kind `space`, and with `icc` at its end.
Bytes with_long_header(const std::string& space, const Bytes& icc) {
  constexpr std::size_t kFile = 14, kShort = 40, kLong = 124;
  Bytes file = encode(picture({9, 7}, 3, CV_8U), "bmp");
  file.insert(file.begin() + kFile + kShort, kLong - kShort, 0);
  put(file, 10, kFile + kLong);
  put(file, 14, kLong);
  std::copy(space.begin(), space.end(), file.begin() + 70);
  put(file, 126, file.size() - kFile);
  put(file, 130, icc.size());
  file.insert(file.end(), icc.begin(), icc.end());
  return file;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bmp)

BOOST_AUTO_TEST_CASE(density_is_kept) {
  Image image = picture({9, 7}, 3, CV_8U);
  image.meta.density = {300, 72};
  Losses losses;
  const Density kept = decode(encode(image, "bmp", {}, {}, "picture", &losses)).meta.density;
  BOOST_TEST(kept.x == 300);
  BOOST_TEST(kept.y == 72);
  BOOST_TEST(losses.empty());
}

BOOST_AUTO_TEST_CASE(profiles_are_kept_and_colours_that_are_not_are_said) {
  const Bytes icc = rgb_profile(srgb_primaries(), power_transfer(1.8));
  Image image = decode(with_long_header("DEBM", icc));
  BOOST_TEST((image.meta.icc == icc));
  BOOST_TEST(image.lost.empty());
  BOOST_TEST(decode(with_long_header("BGRs", {})).lost.empty());
  BOOST_TEST(decode(with_long_header("KNIL", icc)).lost.has(LossKind::icc));
  const std::string none(4, '\0');
  BOOST_TEST(decode(with_long_header(none, {})).lost.empty());
  Bytes calibrated = with_long_header(none, {});
  calibrated[80] = 1;
  BOOST_TEST(decode(calibrated).lost.has(LossKind::colour));
  Bytes cut = with_long_header("DEBM", icc);
  cut.resize(cut.size() - 1);
  BOOST_TEST(decode(cut).lost.has(LossKind::icc));
}

BOOST_AUTO_TEST_SUITE_END()
