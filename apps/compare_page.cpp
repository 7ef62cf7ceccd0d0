// SPDX-License-Identifier: Apache-2.0
#include "compare_page.hpp"

#include <algorithm>
#include <array>
#include <boost/archive/iterators/base64_from_binary.hpp>
#include <boost/archive/iterators/transform_width.hpp>
#include <calotype/io.hpp>
#include <cmath>
#include <map>
#include <opencv2/core.hpp>

#include "common/console.hpp"
#include "compare_template.hpp"

using namespace calotype;

namespace {

/// Differences of this many 8-bit levels and more are drawn in the brightest colour.
constexpr int kFullScale = 32;

std::string data_uri(const Bytes& bytes, const std::string& type) {
  using namespace boost::archive::iterators;
  using Encoder = base64_from_binary<transform_width<Bytes::const_iterator, 6, 8>>;
  std::string text(Encoder(bytes.begin()), Encoder(bytes.end()));
  text.append((3 - bytes.size() % 3) % 3, '=');
  return "data:image/" + type + ";base64," + text;
}

/// The file itself where browsers can show it, else a PNG of its pixels.
std::string picture(const Side& side) {
  for (const char* type : {"jpeg", "png", "webp"})
    if (side.info.format == type) return data_uri(side.file, type);
  return data_uri(encode(side.image, "png"), "png");
}

/// Black through violet and orange to pale yellow, brightness rising evenly.
cv::Mat heat_colours() {
  const std::array<cv::Vec3d, 5> stops = {
      cv::Vec3d(4, 0, 0), {110, 16, 87}, {84, 55, 188}, {9, 142, 249}, {164, 255, 252}};
  cv::Mat table(1, 256, CV_8UC3);
  for (int i = 0; i < 256; ++i) {
    const double at = std::min(1.0, i / double(kFullScale)) * (stops.size() - 1);
    const std::size_t low = std::min<std::size_t>(static_cast<std::size_t>(at), stops.size() - 2);
    table.at<cv::Vec3b>(i) = stops[low] + (at - static_cast<double>(low)) * (stops[low + 1] - stops[low]);
  }
  return table;
}

/// The largest difference of any channel, coloured.
std::string heat_map(const cv::Mat& a, const cv::Mat& b) {
  cv::Mat difference;
  cv::absdiff(a, b, difference);
  const double scale = a.depth() == CV_8U ? 1 : a.depth() == CV_16U ? 1 / 257.0 : 255;
  difference.convertTo(difference, CV_8U, scale);
  std::vector<cv::Mat> channels;
  cv::split(difference, channels);
  cv::Mat largest = channels.front();
  for (const cv::Mat& channel : channels) largest = cv::max(largest, channel);
  Image map;
  cv::merge(std::vector<cv::Mat>(3, largest), map.pixels);
  cv::LUT(map.pixels, heat_colours(), map.pixels);
  return data_uri(encode(map, "png"), "png");
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const char* entity = c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : nullptr;
    out += entity ? std::string(entity) : std::string(1, c);
  }
  return out;
}

/// Replaces each {{key}} once; what is put in is not looked at again.
std::string filled(const std::string& page, const std::map<std::string, std::string>& values) {
  std::string out;
  std::size_t at = 0;
  for (std::size_t open; (open = page.find("{{", at)) != std::string::npos;) {
    const std::size_t close = page.find("}}", open);
    out.append(page, at, open - at);
    out += values.at(page.substr(open + 2, close - open - 2));
    at = close + 2;
  }
  return out.append(page, at, std::string::npos);
}

}  // namespace

double Side::bpp() const {
  return 8.0 * static_cast<double>(file.size()) / (static_cast<double>(image.pixels.cols) * image.pixels.rows);
}

std::string compare_page(const Side& left, const Side& right, const cv::Mat& a, const cv::Mat& b,
                         const Scores& scores) {
  const auto facts = [](const Side& side) {
    return escaped(side.info.format) + ", " + human_size(static_cast<double>(side.file.size())) + ", " +
           fixed(side.bpp(), 3) + "&nbsp;bpp";
  };
  return filled(
      kComparePage,
      {{"left-name", escaped(left.path)},
       {"right-name", escaped(right.path)},
       {"left-facts", facts(left)},
       {"right-facts", facts(right)},
       {"left-picture", picture(left)},
       {"right-picture", picture(right)},
       {"heat-map", heat_map(a, b)},
       {"full-scale", std::to_string(kFullScale)},
       {"width", std::to_string(a.cols)},
       {"height", std::to_string(a.rows)},
       {"psnr", std::isfinite(scores.psnr) ? fixed(scores.psnr, 2) + " dB" : "equal"},
       {"ms-ssim", fixed(scores.ms_ssim, 5)},
       {"ratio",
        fixed(static_cast<double>(right.file.size()) / static_cast<double>(left.file.size()) * 100, 1) + " %"}});
}
