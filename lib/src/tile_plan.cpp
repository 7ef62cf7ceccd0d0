// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

#include "calotype/error.hpp"
#include "calotype/model.hpp"

namespace calotype {
namespace {

constexpr int kSmallest = 64;  // below that nearly all work would be done on halos

/// What this process holds in memory; 0 where the system does not tell.
double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace

TilePlan tile_plan(const Manifest& manifest, const cv::Mat& pixels, std::int64_t max_megabytes) {
  TilePlan tile = manifest.tile;
  tile.window = manifest.input.size;
  if (max_megabytes == 0) return tile;
  const double each = manifest.tile_memory;
  if (each <= 0)
    throw Error(ErrorCode::unsupported, "model " + manifest.id + " does not say how much memory it needs",
                "leave max-memory out, or add memory=BYTES_PER_PIXEL under [tile] in its model.ini");
  const double result = static_cast<double>(pixels.total() * pixels.elemSize()) * manifest.scale * manifest.scale;
  const double used = resident_bytes() + 2 * result;
  const double free = std::max(0., static_cast<double>(max_megabytes) * 1e6 - used);
  const int side = static_cast<int>(std::min(65536., std::sqrt(free / each))) - 2 * tile.halo;
  const int least = tile.multiple * std::max(1, kSmallest / tile.multiple);
  const double least_area = tile.window.empty() ? std::pow(least + 2 * tile.halo, 2) : tile.window.area();
  if (each * least_area > free || (tile.window.empty() && side < least)) {
    throw Error(ErrorCode::limit,
                "max-memory=" + std::to_string(max_megabytes) + " (megabytes) is too little for this picture",
                "give at least " + std::to_string(static_cast<std::int64_t>((used + each * least_area) / 1e6) + 1));
  }
  tile.size = side / tile.multiple * tile.multiple;
  return tile;
}

}  // namespace calotype
