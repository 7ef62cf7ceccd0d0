// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core/mat.hpp>

namespace calotype::restore {

/// The JPEG quality (1..100, as libjpeg scales its tables) that left its steps in the luminance of a picture, wherever
/// the grid of its blocks begins; 0 where there are none. After Fan and de Queiroz, IEEE Trans. Image Processing 2003.
int jpeg_traces(const cv::Mat& pixels);

}  // namespace calotype::restore
