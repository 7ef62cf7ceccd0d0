// SPDX-License-Identifier: Apache-2.0
// What this plugin knows of each format beside imgcodecs: how to read the header within bounds (*_info), what to give
// to imgcodecs where that is not the file (*_pixels), what it leaves undone (*_finish), and how to write (*_write).
#pragma once
#include "calotype/codec.hpp"

namespace calotype {

ImageInfo bmp_info(const Bytes& bytes);
void bmp_finish(const Bytes& bytes, Image& image);
Bytes bmp_write(const Image& image, const Params& params, Losses& lost);

ImageInfo jp2_info(const Bytes& bytes);
cv::Mat jp2_pixels(const Bytes& bytes, const ImageInfo& info);
void jp2_finish(const Bytes& bytes, Image& image);

ImageInfo webp_info(const Bytes& bytes);
cv::Mat webp_pixels(const Bytes& bytes, const ImageInfo& info);
void webp_finish(const Bytes& bytes, Image& image);
std::vector<ParamSpec> webp_params();
Bytes webp_write(const Image& image, const Params& params, Losses& lost);

}  // namespace calotype
