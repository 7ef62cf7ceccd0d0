// SPDX-License-Identifier: Apache-2.0
// Every decoder that is found, on damaged files: it decodes or throws one of the errors that codec.hpp promises.
// CALOTYPE_MUTATIONS is the number of mutated files per seed.
#include <cstdlib>
#include <filesystem>
#include <opencv2/core.hpp>
#include <random>
#include <set>

#include "jp2_file.hpp"
#include "jpeg_file.hpp"
#include "png_file.hpp"
#include "support.hpp"
#include "tiff_files.hpp"
#include "webp_file.hpp"

using namespace calotype;

namespace {

struct Seed {
  std::string format;
  Bytes bytes;
};

/// Small files of every format that can be written, files with all that a format can hold, and the data folder.
const std::vector<Seed>& seeds() {
  static const std::vector<Seed> all = [] {
    std::vector<Seed> made;
    for (const std::string& format : names(Kind::encoder))
      for (const Image& image : {picture({23, 17}, 3, CV_8U), picture({17, 23}, 4, CV_16U)})
        made.push_back({format, encode(image, format)});
    for (const bool progressive : {false, true}) made.push_back({"jpeg", jpeg_file::full(progressive)});
    for (const Bytes& file : odd_tiffs()) made.push_back({"tiff", file});
    for (const auto& file : std::filesystem::directory_iterator(TEST_DATA))
      if (file.path().extension() != ".onnx")
        made.push_back({extension_of(file.path().string()), read_file(file.path().string())});
    made.push_back({"jp2", jp2_file::full()});
    made.push_back({"png", full_png()});
    made.push_back({"webp", webp_file::full()});
    return made;
  }();
  return all;
}

/// True when the bytes decode.
bool survives(const Seed& seed, const Bytes& bytes, bool lenient = false) {
  Rules rules;
  rules.max_pixels = 1 << 20;
  rules.lenient = lenient;
  try {
    const Image image = decode(bytes, seed.format, {}, rules);
    BOOST_TEST(!image.empty());
    return true;
  } catch (const Error& e) {
    const std::set<ErrorCode> promised = {ErrorCode::corrupt, ErrorCode::unsupported, ErrorCode::limit,
                                          ErrorCode::model_mismatch};
    BOOST_TEST(promised.count(e.code()) == 1, seed.format << ": " << to_string(e.code()) << ": " << e.what());
    return false;
  }
}

int mutations() {
  const char* given = std::getenv("CALOTYPE_MUTATIONS");
  return given ? std::atoi(given) : 100;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(hostile, Quiet)

BOOST_AUTO_TEST_CASE(seeds_decode) {
  BOOST_TEST(!seeds().empty());
  for (const Seed& seed : seeds()) BOOST_TEST(survives(seed, seed.bytes), seed.format);
}

BOOST_AUTO_TEST_CASE(truncation) {
  for (const Seed& seed : seeds())
    for (std::size_t size = 0; size < seed.bytes.size(); size += 64)
      survives(seed, Bytes(seed.bytes.begin(), seed.bytes.begin() + static_cast<std::ptrdiff_t>(size)));
}

BOOST_AUTO_TEST_CASE(flipped_header_bits) {
  for (const Seed& seed : seeds())
    for (std::size_t bit = 0; bit < 8 * std::min<std::size_t>(64, seed.bytes.size()); ++bit) {
      Bytes bytes = seed.bytes;
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      survives(seed, bytes);
    }
}

BOOST_AUTO_TEST_CASE(mutated_files) {
  std::mt19937 random(1);
  for (const Seed& seed : seeds())
    for (int i = 0; i < mutations(); ++i) {
      Bytes bytes = seed.bytes;
      for (auto changes = 1 + random() % 8; changes-- > 0;)
        bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random() % 4 ? random() : 0xFF);
      if (random() % 8 == 0) bytes.insert(bytes.begin() + random() % bytes.size(), random() % 100, 0);
      survives(seed, bytes, i % 2);
    }
}

BOOST_AUTO_TEST_SUITE_END()
