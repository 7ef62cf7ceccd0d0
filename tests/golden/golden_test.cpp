// SPDX-License-Identifier: Apache-2.0
// Streams written once and decoded by every build. A group's checksum in its file is that of the symbols that the
// encoder had, so decoding it proves the whole integer path; the pixels are held to a tolerance, for engines differ in
// the last bit.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <opencv2/core/utility.hpp>

#include "calotype/calotype.hpp"
#include "container.hpp"
#include "group.hpp"

using namespace calotype;
using namespace calotype::latent;

namespace {

std::vector<std::filesystem::path> golden_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(GOLDEN_DIR))
    if (entry.path().extension() == ".calo") files.push_back(entry.path());
  return files;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(golden)

BOOST_AUTO_TEST_CASE(symbols_are_exact_for_any_number_of_threads) {
  const auto files = golden_files();
  BOOST_REQUIRE_GE(files.size(), 4u);
  const int threads = cv::getNumThreads();
  for (const auto& path : files) {
    const Bytes file = read_file(path.string());
    const Container c = parse_container(file);
    const auto model = LatentModel::open(LatentModel::find(c.header.model), {});
    for (const int n : {1, 2}) {
      cv::setNumThreads(n);
      for (std::size_t i = 0; i < c.groups.size(); ++i) {
        const int row = int(i) / c.header.group_columns(), column = int(i) % c.header.group_columns();
        const GroupSymbols symbols = decode_group(
            model->tables(), c.header.rate, std::min(kGroupLatents, c.header.latent_rows() - row * kGroupLatents),
            std::min(kGroupLatents, c.header.latent_columns() - column * kGroupLatents), c.groups[i].data,
            c.groups[i].size);
        BOOST_CHECK_EQUAL(symbols.checksum(), c.groups[i].checksum);
        // And back: the encoder makes the same bytes of the same symbols.
        ScaleModel scales(model->tables(), c.header.rate, symbols);
        for (int step = 0; step < kSteps; ++step) scales.indices(step);
        const Bytes again = encode_group(model->tables(), symbols, scales.indices());
        BOOST_CHECK(again == Bytes(c.groups[i].data, c.groups[i].data + c.groups[i].size));
      }
    }
  }
  cv::setNumThreads(threads);
}

BOOST_AUTO_TEST_CASE(pixels_are_those_of_the_reference) {
  for (const auto& path : golden_files()) {
    const Image reference = read_image(std::filesystem::path(path).replace_extension(".png").string());
    const int level = reference.pixels.depth() == CV_16U ? 257 : 1;
    const Image exact = read_image(path.string(), {{"precision", "fp32"}});
    BOOST_REQUIRE_EQUAL(exact.pixels.type(), reference.pixels.type());
    BOOST_CHECK_LE(cv::norm(exact.pixels, reference.pixels, cv::NORM_INF), level);
    // As users get it: in whatever precision is fastest here.
    const Image got = read_image(path.string());
    BOOST_CHECK_LE(cv::norm(got.pixels, reference.pixels, cv::NORM_INF), 4 * level);
    BOOST_CHECK_GE(cv::PSNR(got.pixels, reference.pixels, 255 * level), 50);
  }
}

BOOST_AUTO_TEST_CASE(damage_is_always_noticed) {
  for (const char* name : {"colour-q60.calo", "filtered-q30.calo"}) {
    const Bytes file = read_file((std::filesystem::path(GOLDEN_DIR) / name).string());
    for (std::size_t size = 0; size < file.size(); size += 64)
      BOOST_CHECK_THROW(decode(Bytes(file.begin(), file.begin() + std::ptrdiff_t(size)), "calo"), Error);
    for (std::size_t i = 0; i < file.size(); i += 61) {
      Bytes broken = file;
      broken[i] ^= std::uint8_t(1 << i % 8);
      BOOST_CHECK_THROW(decode(broken, "calo"), Error);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
