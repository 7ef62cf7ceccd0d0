// SPDX-License-Identifier: Apache-2.0
// TIFF files of every kind, made with libtiff.
#pragma once
#include <tiffio.h>

#include <functional>
#include <opencv2/core.hpp>
#include <vector>

#include "calotype/image.hpp"

/// One page. Samples are values as the file holds them, in its order: CV_8U, CV_16U, CV_32S (taken as unsigned),
/// CV_16F, CV_32F or CV_64F.
struct TiffPage {
  cv::Mat samples;
  std::uint16_t photometric = PHOTOMETRIC_MINISBLACK;
  std::vector<std::uint16_t> extra = {};  ///< kinds of the samples behind the colours
  int bits = 0;                           ///< per sample; 0: those of the Mat
  std::uint16_t compression = COMPRESSION_NONE;
  bool tiled = false, planar = false;
  int rows_per_strip = 5;
  std::function<void(TIFF*)> more = {};  ///< further tags, before the pixels
};

/// `mode` is that of TIFFOpen() without the "w": "l" or "b" for the byte order, "8" for BigTIFF.
calotype::Bytes tiff_of(const std::vector<TiffPage>& pages, const std::string& mode = "l");

/// A palette's entries; libtiff copies them.
void set_palette(TIFF* tiff, std::vector<std::uint16_t> red, std::vector<std::uint16_t> green,
                 std::vector<std::uint16_t> blue);

/// Values from 0 to 2^bits - 1 that do not repeat soon.
cv::Mat pattern(const cv::Size& size, int type, int bits);

/// Small sound files, as different as they can be.
std::vector<calotype::Bytes> odd_tiffs();
