// SPDX-License-Identifier: Apache-2.0
#include <calotype/plugin.hpp>
#include <opencv2/core.hpp>

class Invert : public calotype::Backbone {
 public:
  calotype::Image run(calotype::Image image, const calotype::Params& params) override {
    const double white = image.pixels.depth() == CV_8U ? 255 : image.pixels.depth() == CV_16U ? 65535 : 1;
    const double amount = params.get<double>("amount");
    cv::Mat negative;  // a new Mat: the caller may still hold the old pixels
    image.pixels.convertTo(negative, -1, 1 - 2 * amount, amount * white);
    const int last = negative.channels() - 1;
    if (calotype::has_alpha(negative)) cv::mixChannels(image.pixels, negative, {last, last});  // alpha is not light
    image.pixels = negative;
    return image;
  }
};

CALOTYPE_PLUGIN("invert", "1.0", "Apache-2.0", "The template for plugins") {
  calotype::ElementInfo info;
  info.name = "invert";
  info.doc = "Photographic negative.";
  info.params = {{"amount", 1.0, "0 keeps the picture, 1 inverts it", 0.0, 1.0, {}}};
  r.add<Invert>(info);
}
