// SPDX-License-Identifier: Apache-2.0
// Networks as people bring them: input "image", output "result", and results that are known without a network.
#pragma once
#include <string>
#include <vector>

#include "calotype/image.hpp"

/// Each sample becomes four equal ones. `height` and `width`: of the only size it takes; 0: any.
calotype::Bytes doubler(int channels = 3, int height = 0, int width = 0);
/// The mean of 5x5 samples, zeros beyond the border. Its weights lie in the file `weights` where that is not empty; see
/// blur_weights().
calotype::Bytes blur(int height = 0, int width = 0, const std::string& weights = {});
calotype::Bytes blur_weights();
/// white - sample.
calotype::Bytes negative(float white, bool channels_last = false);
/// Two pixels are one; only even sides fit, because it then adds the picture itself.
calotype::Bytes halving();
/// Three scores: ten times the mean of each channel; `probabilities`: behind a softmax. Takes 8x6 pixels.
calotype::Bytes colour_classifier(bool probabilities = false,
                                  const std::vector<std::pair<std::string, std::string>>& metadata = {});
/// A map of one channel: the mean of the three.
calotype::Bytes lightness();
