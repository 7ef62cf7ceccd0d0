// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "support.hpp"
#include "tiff_files.hpp"

/// Of the pages that are the same everywhere.
const cv::Size kPage(21, 18);

/// A page of `kPage` pixels, all of them alike.
template <class... T>
cv::Mat flat(int type, T... values) {
  return cv::Mat(kPage, type, cv::Scalar(double(values)...));
}

TiffPage page_of(const cv::Mat& samples, int photometric = PHOTOMETRIC_MINISBLACK);

/// Other channels, or the same in another order.
cv::Mat taken(const cv::Mat& samples, const std::vector<int>& channels);

bool equal(const cv::Mat& a, const cv::Mat& b);

/// Decodes, and checks that the header says as much.
calotype::Image decoded(const calotype::Bytes& bytes, const calotype::RawParams& params = {});

/// Checks what the page becomes.
void check_page(const TiffPage& page, const cv::Mat& expected, const std::string& mode = "l");
