// SPDX-License-Identifier: Apache-2.0
#include "calotype/colour.hpp"

#include <array>
#include <cmath>
#include <opencv2/core.hpp>
#include <random>

#include "../common/profiles.hpp"
#include "support.hpp"

using namespace calotype;

namespace {

using Colour = std::array<double, 3>;  // R, G, B from 0 to 1

/// IEC 61966-2-1, odd about zero as CSS Color 4 has it.
double srgb_from_linear(double light) {
  const double size = std::abs(light);
  const double encoded = size <= 0.0031308 ? 12.92 * size : 1.055 * std::pow(size, 1 / 2.4) - 0.055;
  return light < 0 ? -encoded : encoded;
}
double linear_from_srgb(double encoded) {
  return encoded <= 0.04045 ? encoded / 12.92 : std::pow((encoded + 0.055) / 1.055, 2.4);
}

/// Display P3, by the matrix of CSS Color 4.
Colour srgb_from_p3(const Colour& p3) {
  constexpr double kMatrix[3][3] = {{1.2249401762805598, -0.2249401762805597, 0},
                                    {-0.042056954709688163, 1.0420569547096881, 0},
                                    {-0.019637554590334432, -0.078636045550631889, 1.0982736001409663}};
  Colour result;
  for (std::size_t row = 0; row < 3; ++row) {
    double light = 0;
    for (std::size_t column = 0; column < 3; ++column) light += kMatrix[row][column] * linear_from_srgb(p3[column]);
    result[row] = srgb_from_linear(light);
  }
  return result;
}

/// CIELAB of D50, by the matrix of Bruce Lindbloom.
Colour srgb_from_lab(double lightness, double a, double b) {
  const double y = (lightness + 16) / 116, x = y + a / 500, z = y - b / 200;
  const auto light = [](double t) { return t > 6. / 29 ? t * t * t : 3 * 36. / 841 * (t - 4. / 29); };
  const double xyz[] = {0.9642 * light(x), light(y), 0.8249 * light(z)};
  constexpr double kMatrix[3][3] = {
      {3.1338561, -1.6168667, -0.4906146}, {-0.9787684, 1.9161415, 0.0334540}, {0.0719453, -0.2289914, 1.4052427}};
  Colour result;
  for (std::size_t row = 0; row < 3; ++row)
    result[row] = srgb_from_linear(kMatrix[row][0] * xyz[0] + kMatrix[row][1] * xyz[1] + kMatrix[row][2] * xyz[2]);
  return result;
}

Primaries p3_primaries() { return {{0.680, 0.320}, {0.265, 0.690}, {0.150, 0.060}, {0.3127, 0.3290}}; }

double full(int depth) { return depth == CV_8U ? 255 : depth == CV_16U ? 65535 : 1; }

/// A picture of one colour, with alpha 0.25 where there are two or four channels.
Image plain(const Colour& colour, int depth, int channels) {
  cv::Scalar samples = channels > 2 ? cv::Scalar(colour[2], colour[1], colour[0], 0.25) : cv::Scalar(colour[0], 0.25);
  Image image;
  image.pixels = cv::Mat(3, 5, CV_MAKETYPE(depth, channels), samples * full(depth));
  return image;
}

/// The sample of a picture's last pixel, from 0 to 1.
double sample(const Image& image, int channel) {
  cv::Mat last;
  image.pixels(cv::Rect(4, 2, 1, 1)).convertTo(last, CV_64F, 1 / full(image.pixels.depth()));
  return last.ptr<double>()[channel];
}

/// What to_srgb makes of a colour.
Colour converted(const Colour& colour, const Bytes& profile, int depth, int channels = 3) {
  Image image = plain(colour, depth, channels);
  image.meta.icc = profile;
  to_srgb(image);
  BOOST_TEST(image.meta.icc.empty());
  BOOST_TEST(image.lost.empty());
  BOOST_TEST(image.pixels.type() == CV_MAKETYPE(depth, channels));
  if (channels % 2 == 0) BOOST_TEST(std::abs(sample(image, channels - 1) - 0.25) < 0.003);
  if (channels < 3) return {sample(image, 0), sample(image, 0), sample(image, 0)};
  return {sample(image, 2), sample(image, 1), sample(image, 0)};
}

void check_near(const Colour& found, const Colour& expected, double tolerance) {
  for (std::size_t c = 0; c < 3; ++c)
    BOOST_TEST(std::abs(found[c] - expected[c]) <= tolerance,
               "channel " << c << ": " << found[c] << ", not " << expected[c]);
}

double tolerance(int depth) { return depth == CV_8U ? 1.6 / 255 : 0.0005; }

Colour clipped(Colour colour) {
  for (double& sample : colour) sample = std::min(1., std::max(0., sample));
  return colour;
}

const std::vector<Colour> kColours = {{0, 0, 0},          {1, 1, 1}, {0.5, 0.5, 0.5}, {0.6, 0.4, 0.3}, {0.2, 0.7, 0.4},
                                      {0.05, 0.03, 0.02}, {1, 0, 0}, {0, 1, 0},       {0, 0, 1}};

}  // namespace

BOOST_AUTO_TEST_SUITE(colour)

BOOST_AUTO_TEST_CASE(spaces_are_known_by_the_header) {
  BOOST_TEST((colour_space(rgb_profile(srgb_primaries(), srgb_transfer())) == ColourSpace::rgb));
  BOOST_TEST((colour_space(grey_profile(power_transfer(2.2))) == ColourSpace::grey));
  BOOST_TEST((colour_space(cmyk_profile()) == ColourSpace::cmyk));
  Bytes profile = grey_profile(power_transfer(2.2));
  profile.resize(128);
  BOOST_TEST((colour_space(profile) == ColourSpace::grey));
  profile.pop_back();
  BOOST_TEST((colour_space(profile) == ColourSpace::other));
  BOOST_TEST((colour_space(Bytes(200, 'x')) == ColourSpace::other));
  BOOST_TEST((colour_space({}) == ColourSpace::other));
}

BOOST_AUTO_TEST_CASE(profiles_are_the_same_bytes_every_time) {
  BOOST_TEST((rgb_profile(p3_primaries(), srgb_transfer()) == rgb_profile(p3_primaries(), srgb_transfer())));
  BOOST_TEST((grey_profile(bt709_transfer()) == grey_profile(bt709_transfer())));
}

BOOST_AUTO_TEST_CASE(srgb_stays_as_it_is) {
  const Bytes profile = rgb_profile(srgb_primaries(), srgb_transfer());
  for (const int depth : {CV_8U, CV_16U, CV_32F})
    for (const int channels : {3, 4})
      for (const Colour& colour : kColours)
        check_near(converted(colour, profile, depth, channels), colour, tolerance(depth));
}

BOOST_AUTO_TEST_CASE(display_p3) {
  const Bytes profile = rgb_profile(p3_primaries(), srgb_transfer());
  for (const int depth : {CV_8U, CV_16U, CV_32F})
    for (const int channels : {3, 4})
      for (const Colour& colour : kColours) {
        const Colour expected = srgb_from_p3(colour);
        // Below zero the curve goes on as a line; there it is enough that the sample is kept.
        if (depth == CV_32F && *std::min_element(expected.begin(), expected.end()) < 0) continue;
        check_near(converted(colour, profile, depth, channels), depth == CV_32F ? expected : clipped(expected),
                   tolerance(depth));
      }
  const Colour red = converted({1, 0, 0}, profile, CV_32F);
  BOOST_TEST(std::abs(red[0] - 1.0930) < 0.001);  // what CSS says of color(display-p3 1 0 0)
  BOOST_TEST(red[1] < -0.2);
  BOOST_TEST(red[2] < -0.1);
}

BOOST_AUTO_TEST_CASE(linear_light_and_powers) {
  for (const double gamma : {1.0, 1.8, 2.2}) {
    const Bytes colours = rgb_profile(srgb_primaries(), power_transfer(gamma)),
                greys = grey_profile(power_transfer(gamma));
    for (const int depth : {CV_8U, CV_16U, CV_32F})
      for (const double value : {0.0, 0.002, 0.01, 0.05, 0.2, 0.5, 0.8, 1.0}) {
        const double stored = std::round(value * 255) / 255;  // the same in all depths
        const double expected = srgb_from_linear(std::pow(stored, gamma));
        for (const int channels : {3, 4})
          check_near(converted({stored, stored, stored}, colours, depth, channels), {expected, expected, expected},
                     tolerance(depth));
        for (const int channels : {1, 2})
          check_near(converted({stored, stored, stored}, greys, depth, channels), {expected, expected, expected},
                     tolerance(depth));
      }
  }
}

BOOST_AUTO_TEST_CASE(television) {
  // ITU-R BT.709: 0.081 and 0.5 stand for this much light.
  const Bytes profile = grey_profile(bt709_transfer());
  for (const auto& [signal, light] : {std::pair{0.04, 0.04 / 4.5}, {0.5, std::pow(0.599 / 1.099, 1 / 0.45)}}) {
    const double expected = srgb_from_linear(light);
    check_near(converted({signal, signal, signal}, profile, CV_32F, 1), {expected, expected, expected}, 0.0005);
  }
}

BOOST_AUTO_TEST_CASE(primaries_that_are_none) {
  const cv::Point2d p(0.3, 0.3);
  BOOST_TEST((error_of([&] { rgb_profile({p, p, p, p}, srgb_transfer()); }).code() == ErrorCode::corrupt));
  BOOST_TEST((error_of([&] {
                rgb_profile({{0, 0}, {0, 0}, {0, 0}, {0, 0}}, srgb_transfer());
              }).code() == ErrorCode::corrupt));
  Primaries on_a_line = srgb_primaries();
  on_a_line.blue = (on_a_line.red + on_a_line.green) / 2;
  BOOST_TEST((error_of([&] { rgb_profile(on_a_line, srgb_transfer()); }).code() == ErrorCode::corrupt));
}

BOOST_AUTO_TEST_CASE(grey_becomes_colour_and_looks_the_same) {
  for (const Bytes& profile :
       {grey_profile(power_transfer(1)), grey_profile(power_transfer(1.8)), grey_profile_in_lab()})
    for (const int depth : {CV_8U, CV_16U, CV_32F})
      for (const int channels : {1, 2})
        for (const double value : {0.0, 0.02, 0.2, 0.6, 1.0}) {
          const double stored = std::round(value * 255) / 255;
          Image image = plain({stored, 0, 0}, depth, channels);
          image.meta.icc = profile;
          Image coloured = image;
          to_colour(coloured);
          BOOST_TEST(coloured.pixels.channels() == channels + 2);
          BOOST_TEST(coloured.lost.empty());
          for (int c = 0; c < 3; ++c) BOOST_TEST(sample(coloured, c) == sample(image, 0));
          if (channels == 2) BOOST_TEST(sample(coloured, 3) == sample(image, 1));
          BOOST_TEST((colour_space(coloured.meta.icc) == ColourSpace::rgb));
          to_srgb(image);
          to_srgb(coloured);
          for (int c = 0; c < 3; ++c)
            BOOST_TEST(std::abs(sample(coloured, c) - sample(image, 0)) <= 1.5 * tolerance(depth),
                       sample(coloured, c) << " " << sample(image, 0));
        }
}

BOOST_AUTO_TEST_CASE(colour_stays_and_other_profiles_too) {
  Image image = plain({0.1, 0.2, 0.3}, CV_8U, 3);
  image.meta.icc = rgb_profile(p3_primaries(), srgb_transfer());
  const Image before = image;
  to_colour(image);
  BOOST_TEST(image.pixels.data == before.pixels.data);
  BOOST_TEST((image.meta.icc == before.meta.icc));
  Image grey = plain({0.1, 0, 0}, CV_8U, 1);
  to_colour(grey);
  BOOST_TEST(grey.pixels.channels() == 3);
  BOOST_TEST(grey.lost.empty());
}

BOOST_AUTO_TEST_CASE(inks_by_a_rule_of_thumb) {
  const auto bgr = [](const cv::Scalar& inks, int depth) {
    Losses lost;
    const cv::Mat result = bgr_from_cmyk(cv::Mat(2, 2, CV_MAKETYPE(depth, 4), inks * full(depth)), {}, lost);
    BOOST_TEST(lost.has(LossKind::colour));
    BOOST_TEST(result.type() == CV_MAKETYPE(depth, 3));
    return cv::Scalar(cv::mean(result)) * (1 / full(depth));
  };
  for (const int depth : {CV_8U, CV_16U})
    for (const auto& [inks, expected] : {std::pair<cv::Scalar, cv::Scalar>{{0, 0, 0, 0}, {1, 1, 1}},
                                         {{0, 0, 0, 1}, {0, 0, 0}},
                                         {{1, 0, 0, 0}, {1, 1, 0}},
                                         {{0, 1, 0, 0}, {1, 0, 1}},
                                         {{0, 0, 1, 0}, {0, 1, 1}},
                                         {{0, 0.4, 0.8, 0.2}, {0.16, 0.48, 0.8}}})
      BOOST_TEST(cv::norm(bgr(inks, depth), expected, cv::NORM_INF) < 0.003);
}

BOOST_AUTO_TEST_CASE(inks_by_their_profile) {
  const Bytes profile = cmyk_profile();
  for (const int depth : {CV_8U, CV_16U})
    for (const auto& [inks, expected] : {std::pair<cv::Scalar, Colour>{{0, 0, 0, 0}, {1, 1, 1}},
                                         {{0, 0, 0, 1}, srgb_from_lab(10, 0, 0)},
                                         {{0, 1, 0, 0}, srgb_from_lab(55, 70, 0)},
                                         {{0, 0, 1, 0}, clipped(srgb_from_lab(92, 0, 80))}}) {
      Losses lost;
      const cv::Mat bgr = bgr_from_cmyk(cv::Mat(2, 2, CV_MAKETYPE(depth, 4), inks * full(depth)), profile, lost);
      const cv::Scalar found = cv::mean(bgr) / full(depth);
      check_near({found[2], found[1], found[0]}, expected, 0.01);
    }
}

BOOST_AUTO_TEST_CASE(hostile_profiles_do_no_harm) {
  std::mt19937 random(1);
  for (const Bytes& whole :
       {rgb_profile(p3_primaries(), srgb_transfer()), grey_profile(power_transfer(2)), cmyk_profile()}) {
    const auto use = [&](const Bytes& profile) {
      Losses lost;
      bgr_from_cmyk(cv::Mat(2, 2, CV_8UC4, cv::Scalar(1, 2, 3, 4)), profile, lost);
      BOOST_TEST(lost.has(LossKind::colour));
      for (const int channels : {1, 3}) {
        Image image = plain({0.1, 0.2, 0.3}, CV_8U, channels);
        image.meta.icc = profile;
        to_srgb(image);
        BOOST_TEST(image.meta.icc.empty());
        Image other = plain({0.1, 0.2, 0.3}, CV_8U, channels);
        other.meta.icc = profile;
        to_colour(other);
        BOOST_TEST(other.pixels.channels() == 3);
      }
    };
    for (std::size_t size = 0; size < std::min<std::size_t>(whole.size(), 600); size += 9)
      use(Bytes(whole.begin(), whole.begin() + std::ptrdiff_t(size)));
    for (int i = 0; i < 60; ++i) {
      Bytes profile = whole;
      for (auto changes = 1 + random() % 6; changes-- > 0;)
        profile[random() % std::min<std::size_t>(profile.size(), 600)] = std::uint8_t(random() % 3 ? random() : 0xFF);
      use(profile);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
