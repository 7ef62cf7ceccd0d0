// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <calotype/image.hpp>
#include <opencv2/core/mat.hpp>
#include <string>

/// One side of a comparison.
struct Side {
  std::string path;
  calotype::Bytes file;   ///< as it lies on disk
  calotype::Image image;  ///< decoded
  calotype::ImageInfo info;
  double bpp() const;
};

struct Scores {
  double psnr, ms_ssim;
};

/// A self-contained page: slider, difference map and numbers. `a` and `b` are the comparable pixels of both sides.
std::string compare_page(const Side& left, const Side& right, const cv::Mat& a, const cv::Mat& b, const Scores& scores);
