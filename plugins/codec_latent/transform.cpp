// SPDX-License-Identifier: Apache-2.0
#include "transform.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>

#include "calotype/tiling.hpp"
#include "channel_loops.hpp"
#include "for_all.hpp"

namespace calotype::latent {
namespace {

cv::Size latent_size(const cv::Size& pixels) {
  return {(pixels.width + kLatentPixels - 1) / kLatentPixels, (pixels.height + kLatentPixels - 1) / kLatentPixels};
}

template <class T>
void fill_tensor(const cv::Mat& pixels, const cv::Rect& from, float unit, float* out) {
  const int channels = pixels.channels();
  const std::size_t plane = std::size_t(from.area());
  for (int y = 0; y < from.height; ++y) {
    const T* row = pixels.ptr<T>(std::min(from.y + y, pixels.rows - 1));
    float* to = out + std::size_t(y) * from.width;
    for (int x = 0; x < from.width; ++x) {
      const T* p = row + std::size_t(std::min(from.x + x, pixels.cols - 1)) * channels;
      to[x] = unit * float(p[channels == 3 ? 2 : 0]);
      to[x + plane] = unit * float(p[channels == 3 ? 1 : 0]);
      to[x + 2 * plane] = unit * float(p[0]);
    }
  }
}

/// The rectangle as a picture for the engine; beyond the border the last row and column repeat.
cv::Mat piece(const cv::Mat& pixels, const cv::Rect& from) {
  const cv::Rect inside = from & cv::Rect(cv::Point(), pixels.size());
  if (inside == from) return pixels(from);
  cv::Mat extended;
  cv::copyMakeBorder(pixels(inside), extended, 0, from.height - inside.height, 0, from.width - inside.width,
                     cv::BORDER_REPLICATE | cv::BORDER_ISOLATED);
  return extended;
}

TilePlan analysis_plan(const LatentModel& model) {
  return {kGroupPixels, model.model().manifest().tile.halo, kLatentPixels};
}

TilePlan synthesis_plan(const LatentModel& model) {
  return {kGroupLatents, (model.model().manifest().tile.halo + kLatentPixels - 1) / kLatentPixels, 1};
}

/// Rounds most latents to bf16, which costs no more than a few thousandths of a dB, and saves engines that compute in
/// bf16 the effort of multiplying them with more precision: those whose mean squares add up to little, in whole blocks
/// of channels from the last, for the first are the largest. The rounding of those that are left would be seen.
void round_small_channels(cv::Mat& latents) {
  constexpr int kBlock = 32;  // as many as engines multiply at a time
  constexpr double kLittle = 2;
  const int rows = latents.size[0], columns = latents.size[1], channels = latents.size[2];
  cv::Mat squares = cv::Mat::zeros(rows, channels, CV_32F);
  for_all(rows, [&](int row) { add_squares(latents.ptr<float>(row), columns, channels, squares.ptr<float>(row)); });
  cv::Mat of_channel;
  cv::reduce(squares, of_channel, 0, cv::REDUCE_SUM, CV_64F);
  int first = channels / kBlock * kBlock;
  for (double energy = 0; first > 0; first -= kBlock) {
    energy += cv::sum(of_channel.colRange(first - kBlock, first))[0] / (double(rows) * columns);
    if (energy > kLittle) break;
  }
  const int count = channels / kBlock * kBlock - first;
  if (count == 0) return;
  for_all(rows, [&](int row) {
    for (int column = 0; column < columns; ++column) round_to_bf16(latents.ptr<float>(row, column) + first, count);
  });
}

/// The latents of `area`, put together from the groups it touches.
cv::Mat gather(const Header& header, const std::vector<cv::Mat>& groups, int channels, const cv::Rect& area) {
  cv::Mat out(std::vector<int>{area.height, area.width, channels}, CV_32F);
  if (groups.size() > 1) out.setTo(0);  // some may be left out
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const cv::Rect group = group_area(header, int(i)), part = group & area;
    if (part.empty() || groups[i].empty()) continue;
    for_all(part.height, [&](int row) {
      const int y = part.y + row;
      const cv::Mat from(1, part.width * channels, CV_16F,
                         const_cast<cv::Mat&>(groups[i]).ptr(y - group.y, part.x - group.x));
      from.convertTo(cv::Mat(from.size(), CV_32F, out.ptr<float>(y - area.y, part.x - area.x)), CV_32F);
    });
  }
  round_small_channels(out);
  return out;
}

int group_at(const Header& header, const cv::Point& pixel) {
  return pixel.y / kGroupPixels * header.group_columns() + pixel.x / kGroupPixels;
}

/// As floats, 0..1.
cv::Mat filtered_pixels(const cv::Mat& pixels, const PostFilter& filter) {
  cv::Mat rgb = to_tensor(pixels, {cv::Point(), pixels.size()}), out;
  apply_post_filter(filter, rgb);
  std::vector<cv::Mat> planes;
  for (int c = pixels.channels(); c-- > 0;) planes.emplace_back(pixels.size(), CV_32F, rgb.ptr<float>(0, c));
  cv::merge(planes, out);
  return out;
}

}  // namespace

cv::Mat to_tensor(const cv::Mat& pixels, const cv::Rect& from) {
  const int dims[] = {1, 3, from.height, from.width};
  cv::Mat tensor(4, dims, CV_32F);
  float* out = tensor.ptr<float>();
  switch (pixels.depth()) {
    case CV_8U:
      fill_tensor<std::uint8_t>(pixels, from, 1 / 255.f, out);
      break;
    case CV_16U:
      fill_tensor<std::uint16_t>(pixels, from, 1 / 65535.f, out);
      break;
    default:
      fill_tensor<float>(pixels, from, 1.f, out);
  }
  return tensor;
}

cv::Mat halved(const cv::Mat& latents) {
  cv::Mat result(latents.dims, latents.size.p, CV_16F);
  const int count = latents.size[1] * latents.size[2];
  for_all(latents.size[0], [&](int row) {
    const cv::Mat from(1, count, CV_32F, const_cast<cv::Mat&>(latents).ptr(row));
    from.convertTo(cv::Mat(1, count, CV_16F, result.ptr(row)), CV_16F);
  });
  return result;
}

cv::Rect group_area(const Header& header, int index) {
  const int row = index / header.group_columns(), column = index % header.group_columns();
  return cv::Rect(column * kGroupLatents, row * kGroupLatents, kGroupLatents, kGroupLatents) &
         cv::Rect(0, 0, header.latent_columns(), header.latent_rows());
}

void analyse(LatentModel::Networks& networks, const LatentModel& model, const cv::Mat& pixels,
             const std::function<void(const cv::Mat&, int)>& sink) {
  int index = 0;
  run_tiled(
      networks.session("analysis"), latent_size(pixels.size()) * kLatentPixels, analysis_plan(model),
      1. / kLatentPixels, [&](const cv::Rect& from) { return piece(pixels, from); },
      [&](const cv::Mat& latents, const cv::Rect&) { sink(latents, index++); }, {}, CV_32F);
}

cv::Mat synthesise(LatentModel::Networks& networks, const LatentModel& model, const Header& header,
                   const std::vector<cv::Mat>& groups, const std::vector<PostFilter>& filters, const cv::Rect& region) {
  cv::Mat pixels(region.size(), CV_MAKETYPE(header.sixteen_bit ? CV_16U : CV_8U, header.grey ? 1 : 3));
  const bool filtered = std::any_of(filters.begin(), filters.end(), [](const PostFilter& f) { return !f.empty(); });
  run_tiled(
      networks.session("synthesis"), {header.latent_columns(), header.latent_rows()}, synthesis_plan(model),
      kLatentPixels, [&](const cv::Rect& area) { return gather(header, groups, model.tables().channels, area); },
      [&](const cv::Mat& tile, const cv::Rect& where) {
        const cv::Rect part = where & region;
        cv::Mat to = pixels(part - region.tl());
        if (filtered)
          filtered_pixels(tile, filters[std::size_t(group_at(header, where.tl()))])(part - where.tl())
              .convertTo(to, to.depth(), to.depth() == CV_8U ? 255 : 65535);
        else
          tile(part - where.tl()).copyTo(to);
      },
      region, filtered ? CV_MAKETYPE(CV_16U, pixels.channels()) : pixels.type());
  return pixels;
}

std::vector<bool> touched_groups(const LatentModel& model, const Header& header, const cv::Rect& region) {
  // Tiles are made whole, so the region grows to the grid of groups, and then by the halo that the tiles need.
  const int halo = synthesis_plan(model).halo, last_row = (region.br().y - 1) / kGroupPixels,
            last_column = (region.br().x - 1) / kGroupPixels;
  const cv::Point first(region.x / kGroupPixels * kGroupLatents - halo, region.y / kGroupPixels * kGroupLatents - halo);
  const cv::Point end((last_column + 1) * kGroupLatents + halo, (last_row + 1) * kGroupLatents + halo);
  std::vector<bool> touched;
  for (int i = 0; i < header.group_rows() * header.group_columns(); ++i)
    touched.push_back(!(group_area(header, i) & cv::Rect(first, end)).empty());
  return touched;
}

}  // namespace calotype::latent
