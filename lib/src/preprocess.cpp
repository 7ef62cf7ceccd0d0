// SPDX-License-Identifier: Apache-2.0
#include "calotype/preprocess.hpp"

#include <opencv2/core.hpp>
#include <vector>

#include "calotype/error.hpp"
#include "calotype/image.hpp"

namespace calotype {
namespace {

double white_of(int depth) { return depth == CV_8U ? 255 : depth == CV_16U ? 65535 : 1; }

/// CV_32F planes of 0 to 1, in the order that the network wants.
std::vector<cv::Mat> planes_of(const cv::Mat& pixels, InputSpec::Channels wanted) {
  std::vector<cv::Mat> stored, planes;
  cv::split(pixels, stored);
  stored.resize(stored.size() < 3 ? 1 : 3);
  for (const cv::Mat& plane : stored) {
    planes.emplace_back();
    plane.convertTo(planes.back(), CV_32F, 1 / white_of(pixels.depth()));
  }
  if (wanted == InputSpec::Channels::grey) {
    if (planes.size() == 3) planes = {cv::Mat(0.114 * planes[0] + 0.587 * planes[1] + 0.299 * planes[2])};
    return planes;
  }
  if (planes.size() == 1) planes = {planes[0], planes[0], planes[0]};
  if (wanted == InputSpec::Channels::rgb) std::swap(planes[0], planes[2]);
  return planes;
}

/// Planes of a tensor, which they share memory with.
std::vector<cv::Mat> planes_in(const cv::Mat& tensor) {
  std::vector<cv::Mat> planes;
  for (int c = 0; c < tensor.size[1]; ++c)
    planes.emplace_back(tensor.size[2], tensor.size[3], CV_32F, const_cast<float*>(tensor.ptr<float>(0, c)));
  return planes;
}

}  // namespace

cv::Mat to_tensor(const cv::Mat& pixels, const InputSpec& input) {
  std::vector<cv::Mat> planes = planes_of(pixels, input.channels);
  for (std::size_t c = 0; c < planes.size(); ++c) {
    const double scale = (input.range.white - input.range.black) / input.deviation[c];
    cv::Mat scaled;  // planes of a grey picture are one and the same
    planes[c].convertTo(scaled, CV_32F, scale, (input.range.black - input.mean[c]) / input.deviation[c]);
    planes[c] = scaled;
  }
  const int count = input.count();
  if (input.channels_last) {
    const int sides[] = {1, pixels.rows, pixels.cols, count};
    cv::Mat tensor(4, sides, CV_32F), picture(pixels.size(), CV_32FC(count), tensor.data);
    cv::merge(planes, picture);
    return tensor;
  }
  const int sides[] = {1, count, pixels.rows, pixels.cols};
  cv::Mat tensor(4, sides, CV_32F);
  std::vector<cv::Mat> targets = planes_in(tensor);
  for (std::size_t c = 0; c < targets.size(); ++c) planes[c].copyTo(targets[c]);
  return tensor;
}

cv::Mat from_tensor(const cv::Mat& tensor, const InputSpec& input, const SampleRange& range) {
  const bool whole = tensor.dims == 4 && tensor.type() == CV_32F && tensor.size[0] == 1 && tensor.isContinuous();
  const int count = whole ? tensor.size[input.channels_last ? 3 : 1] : 0;
  if (count != 1 && count != 3)
    throw Error(ErrorCode::corrupt, "the network makes no picture of one or three channels",
                "check [output] and the layout in its model.ini");
  if (!cv::checkRange(tensor.reshape(1, 1)))
    throw Error(ErrorCode::corrupt, "the network makes samples that are no finite numbers",
                "check range, mean and std in its model.ini, or use precision=fp32");
  std::vector<cv::Mat> planes;
  if (input.channels_last)
    cv::split(cv::Mat(tensor.size[1], tensor.size[2], CV_32FC(count), tensor.data), planes);
  else
    planes = planes_in(tensor);
  if (count == 3 && input.channels != InputSpec::Channels::bgr) std::swap(planes[0], planes[2]);
  cv::Mat merged, picture;
  cv::merge(planes, merged);
  const double scale = 1 / (range.white - range.black);
  merged.convertTo(picture, CV_32F, scale, -range.black * scale);
  return picture;
}

}  // namespace calotype
