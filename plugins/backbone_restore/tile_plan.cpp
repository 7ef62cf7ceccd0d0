// SPDX-License-Identifier: Apache-2.0
#include "tile_plan.hpp"

#include <unistd.h>

#include <algorithm>
#include <calotype/error.hpp>
#include <charconv>
#include <cmath>
#include <fstream>
#include <string>

namespace calotype::restore {
namespace {

constexpr int kSmallest = 64;  // below that nearly all work would be done on halos

/// What this process holds in memory; 0 where the system does not tell.
double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

/// 0 where the model does not say it, or not as a number.
double bytes_per_pixel(const Manifest& manifest) {
  const auto entry = manifest.extra.find("restore.memory");
  if (entry == manifest.extra.end()) return 0;
  const char* const end = entry->second.data() + entry->second.size();
  double bytes = 0;
  const auto [stop, error] = std::from_chars(entry->second.data(), end, bytes);
  return error == std::errc() && stop == end && std::isfinite(bytes) ? bytes : 0;
}

}  // namespace

TilePlan tile_plan(const Manifest& manifest, const cv::Mat& pixels, std::int64_t max_megabytes) {
  TilePlan tile = manifest.tile;
  if (max_megabytes == 0) return tile;
  const double each = bytes_per_pixel(manifest);
  if (each <= 0)
    throw Error(ErrorCode::unsupported, "model " + manifest.id + " does not say how much memory it needs",
                "leave max-memory out, or add memory=BYTES_PER_PIXEL under [restore] in its model.ini");
  const double used = resident_bytes() + 2. * static_cast<double>(pixels.total() * pixels.elemSize());
  const double free = std::max(0., static_cast<double>(max_megabytes) * 1e6 - used);
  const int side = static_cast<int>(std::min(65536., std::sqrt(free / each))) - 2 * tile.halo;
  const int least = tile.multiple * std::max(1, kSmallest / tile.multiple);
  if (side < least) {
    const double needed = used + each * std::pow(least + 2 * tile.halo, 2);
    throw Error(ErrorCode::limit,
                "max-memory=" + std::to_string(max_megabytes) + " (megabytes) is too little for this picture",
                "give at least " + std::to_string(static_cast<std::int64_t>(needed / 1e6) + 1));
  }
  tile.size = side / tile.multiple * tile.multiple;
  return tile;
}

}  // namespace calotype::restore
