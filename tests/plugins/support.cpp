// SPDX-License-Identifier: Apache-2.0
#include "support.hpp"

#include <cmath>
#include <opencv2/core.hpp>

using namespace calotype;

std::ostream& calotype::operator<<(std::ostream& to, ErrorCode code) { return to << to_string(code); }

Image picture(cv::Size size, int channels, int depth) {
  const double full = depth == CV_8U ? 255 : depth == CV_16U ? 65535 : 1;
  cv::Mat samples(size.height, size.width * channels, CV_64F);
  samples.forEach<double>([&](double& value, const int* at) {
    const int channel = at[1] % channels;
    const double x = at[1] / channels, y = at[0];
    value = full * (0.5 + 0.2 * std::sin(0.05 * x + 0.08 * y + 0.4 * channel) + 0.1 * std::cos(0.07 * x - 0.03 * y));
  });
  Image image;
  samples.reshape(channels).convertTo(image.pixels, depth);
  return image;
}

std::string detail_of(const Losses& lost, LossKind kind) {
  for (const Loss& loss : lost)
    if (loss.kind == kind) return loss.detail;
  return {};
}

std::vector<std::string> names(Kind kind) {
  std::vector<std::string> found;
  for (const Item& item : Registry::global().items())
    if (item.element.kind == kind) found.push_back(item.element.name);
  return found;
}
