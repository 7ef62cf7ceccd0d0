// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <boost/test/unit_test.hpp>
#include <calotype/calotype.hpp>
#include <opencv2/core.hpp>
#include <string>

/// A part of a sample picture, detailed and flat.
inline cv::Mat sample(const std::string& name = "landscape", const cv::Rect& part = {64, 96, 256, 192}) {
  return calotype::read_image(SAMPLES "/" + name + ".png").pixels(part).clone();
}

inline cv::Mat noisy(const cv::Mat& pixels, double sigma) {
  cv::Mat samples, grain(pixels.size(), CV_32FC(pixels.channels())), result;
  cv::RNG random(5);
  random.fill(grain, cv::RNG::NORMAL, 0, sigma);
  pixels.convertTo(samples, CV_32F);
  cv::Mat(samples + grain).convertTo(result, pixels.depth());
  return result;
}

inline calotype::Image run(const std::string& element, calotype::Image image, const calotype::RawParams& raw = {}) {
  calotype::Registry& registry = calotype::Registry::global();
  const auto specs = registry.describe(calotype::Kind::backbone, element).element.params;
  return registry.backbone(element)->run(std::move(image), calotype::Params::validated(specs, raw, element));
}

inline calotype::Image image_of(const cv::Mat& pixels) {
  calotype::Image image;
  image.pixels = pixels;
  return image;
}

inline bool same(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && cv::norm(a, b, cv::NORM_INF) == 0;
}
