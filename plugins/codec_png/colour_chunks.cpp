// SPDX-License-Identifier: Apache-2.0
#include "colour_chunks.hpp"

#include <cmath>

#include "calotype/error.hpp"

namespace calotype {
namespace {

/// ITU-T H.273, table 2.
std::optional<Primaries> primaries_of(unsigned code) {
  const cv::Point2d d65 = srgb_primaries().white, c(0.310, 0.316);
  switch (code) {
    case 1:
      return srgb_primaries();
    case 4:
      return Primaries{{0.67, 0.33}, {0.21, 0.71}, {0.14, 0.08}, c};
    case 5:
      return Primaries{{0.64, 0.33}, {0.29, 0.60}, {0.15, 0.06}, d65};
    case 6:
    case 7:
      return Primaries{{0.630, 0.340}, {0.310, 0.595}, {0.155, 0.070}, d65};
    case 8:
      return Primaries{{0.681, 0.319}, {0.243, 0.692}, {0.145, 0.049}, c};
    case 9:
      return Primaries{{0.708, 0.292}, {0.170, 0.797}, {0.131, 0.046}, d65};
    case 11:
      return Primaries{{0.680, 0.320}, {0.265, 0.690}, {0.150, 0.060}, {0.314, 0.351}};
    case 12:
      return Primaries{{0.680, 0.320}, {0.265, 0.690}, {0.150, 0.060}, d65};
    case 22:
      return Primaries{{0.630, 0.340}, {0.295, 0.605}, {0.155, 0.077}, d65};
    default:
      return {};
  }
}

/// ITU-T H.273, table 3, as far as a profile can say it.
std::optional<Transfer> transfer_of(unsigned code) {
  switch (code) {
    case 1:
    case 6:
    case 14:
    case 15:
      return bt709_transfer();
    case 4:
      return power_transfer(2.2);
    case 5:
      return power_transfer(2.8);
    case 7:
      return Transfer{1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4.0, 0.0913};
    case 8:
      return power_transfer(1);
    case 13:
      return srgb_transfer();
    default:
      return {};
  }
}

[[noreturn]] void refuse(const std::string& what, const char* hint) {
  throw Error(ErrorCode::unsupported, "PNG: " + what, hint);
}

Bytes profile(const std::optional<Primaries>& primaries, const Transfer& transfer, bool grey) {
  return grey ? grey_profile(transfer) : rgb_profile(primaries.value_or(srgb_primaries()), transfer);
}

/// Nothing where cICP leaves the question open.
std::optional<Bytes> profile_of_cicp(const std::array<std::uint8_t, 4>& cicp, bool grey, Losses& lost) {
  constexpr unsigned kSrgbPrimaries = 1, kUnspecified = 2, kSrgb = 13, kPq = 16, kHlg = 18;
  const auto [primaries, transfer, matrix, full_range] = cicp;
  if (transfer == kPq || transfer == kHlg)
    refuse(std::string("high dynamic range (") + (transfer == kPq ? "PQ" : "HLG") +
               "), which would look washed out where it is taken for anything else",
           "save it for standard dynamic range, as sRGB or Display P3, with the program that made it");
  if (matrix != 0 || full_range != 1)
    refuse(matrix != 0 ? "the samples are no RGB, by its chunk cICP" : "the samples are of narrow range, as in video",
           "save it as full-range RGB with the program that made it");
  if (primaries == kUnspecified && transfer == kUnspecified) return {};
  const auto corners = primaries_of(primaries);
  const auto light = transfer_of(transfer);
  if (!light || (!corners && !grey)) {
    lost.add(LossKind::colour, "its colours (cICP " + std::to_string(primaries) + "-" + std::to_string(transfer) +
                                   ") are not known here and may be shown wrong");
    return {};
  }
  if (transfer == kSrgb && (grey || primaries == kSrgbPrimaries)) return Bytes();
  return profile(corners, *light, grey);
}

bool is_srgb(double gamma) { return std::abs(gamma / 0.45455 - 1) < 0.05; }

bool is_srgb(const Primaries& primaries) {
  constexpr double kTolerance = 0.003;
  const Primaries srgb = srgb_primaries();
  const auto near = [](const cv::Point2d& a, const cv::Point2d& b) {
    return std::abs(a.x - b.x) < kTolerance && std::abs(a.y - b.y) < kTolerance;
  };
  return near(primaries.red, srgb.red) && near(primaries.green, srgb.green) && near(primaries.blue, srgb.blue) &&
         near(primaries.white, srgb.white);
}

Bytes profile_of_gamma(std::optional<double> gamma, const std::optional<Primaries>& primaries, bool grey,
                       Losses& lost) {
  constexpr double kLeast = 0.1, kMost = 10;
  if (gamma && (*gamma < kLeast || *gamma > kMost)) {
    lost.add(LossKind::colour, "its gamma (gAMA) makes no sense and is left out");
    gamma.reset();
  }
  if ((!gamma || is_srgb(*gamma)) && (grey || !primaries || is_srgb(*primaries))) return {};
  try {
    return profile(primaries, gamma ? power_transfer(1 / *gamma) : srgb_transfer(), grey);
  } catch (const Error&) {
    lost.add(LossKind::colour, "its primaries (cHRM) make no sense, and sRGB is assumed");
    return {};
  }
}

}  // namespace

Bytes profile_of(const ColourChunks& chunks, bool grey, Losses& lost) {
  if (chunks.cicp)
    if (const auto icc = profile_of_cicp(*chunks.cicp, grey, lost)) return *icc;
  if (!chunks.icc.empty()) return chunks.icc;
  if (chunks.srgb) return {};
  return profile_of_gamma(chunks.gamma, chunks.primaries, grey, lost);
}

}  // namespace calotype
