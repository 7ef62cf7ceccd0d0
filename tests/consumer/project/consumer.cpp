// SPDX-License-Identifier: Apache-2.0
// Reads argv[1], writes argv[2] and checks that the lossless copy reads back equal.
#include <calotype/calotype.hpp>
#include <iostream>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    const calotype::Image original = calotype::read_image(argv[1]);
    calotype::write_image(argv[2], original, {}, true);
    const double psnr = calotype::psnr(original.pixels, calotype::read_image(argv[2]).pixels);
    std::cout << "calotype " << CALOTYPE_VERSION << ", " << original.pixels.cols << "x" << original.pixels.rows
              << ", PSNR of the copy " << psnr << "\n";
    return psnr > 1e3 ? 0 : 1;  // infinity: equal
  } catch (const calotype::Error& error) {
    std::cerr << error.full_text() << "\n";
    return calotype::exit_status(error.code());
  }
}
