// SPDX-License-Identifier: Apache-2.0
// make_golden DIRECTORY: writes the golden streams and the pictures that they decode to. Only for a change of the
// shipped weights or of the format; until 1.0 both may change.
#include <iostream>

#include "calotype/calotype.hpp"
#include "pictures.hpp"

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::cerr << "usage: make_golden DIRECTORY\n";
    return 2;
  }
  const struct {
    const char* name;
    cv::Mat pixels;
    const char* quality;
    const char* tune = "psnr";
    const char* effort = "1";
    const char* tier = "good";
  } streams[] = {{"colour-q10", test_picture(160, 96, 3), "10"},
                 {"colour-q60", test_picture(97, 83, 3), "60"},
                 {"colour-q100", test_picture(64, 64, 3), "100"},
                 {"grey-q50", test_picture(70, 33, 1), "50"},
                 {"alpha-q70", test_picture(50, 61, 4), "70"},
                 {"deep-q90", test_picture(40, 40, 3, CV_16U), "90"},
                 {"groups-q5", test_picture(1100, 40, 3), "5"},
                 {"pixel-q60", test_picture(1, 1, 3), "60"},
                 {"tuned-q40", test_picture(90, 110, 3), "40", "ms-ssim"},
                 {"filtered-q30", test_picture(1100, 60, 3), "30", "psnr", "2"},
                 {"fast-q50", test_picture(75, 120, 3), "50", "psnr", "1", "fast"}};
  for (const auto& stream : streams) {
    const std::string path = std::string(argv[1]) + "/" + stream.name;
    calotype::Image image;
    image.pixels = stream.pixels;
    calotype::write_image(
        path + ".calo", image,
        {{"quality", stream.quality}, {"tune", stream.tune}, {"effort", stream.effort}, {"tier", stream.tier}}, true);
    calotype::write_image(path + ".png", calotype::read_image(path + ".calo", {{"precision", "fp32"}}), {}, true);
  }
} catch (const calotype::Error& e) {
  std::cerr << "make_golden: " << e.full_text() << '\n';
  return calotype::exit_status(e.code());
}
