// SPDX-License-Identifier: Apache-2.0
// Whole pictures through the shipped model, on the reference engine.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <map>

#include "calotype/calotype.hpp"
#include "container.hpp"
#include "group.hpp"
#include "pictures.hpp"
#include "transform.hpp"

using namespace calotype;
using namespace calotype::latent;

namespace {

Image picture(int width, int height, int channels, int depth = CV_8U) {
  Image image;
  image.pixels = test_picture(width, height, channels, depth);
  return image;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pictures)

BOOST_AUTO_TEST_CASE(every_size_and_kind_comes_back) {
  for (const cv::Size size : {cv::Size(1, 1), cv::Size(7, 13), cv::Size(16, 16), cv::Size(17, 65), cv::Size(130, 70)})
    for (const int channels : {1, 3, 4})
      for (const int depth : {CV_8U, CV_16U}) {
        const Image in = picture(size.width, size.height, channels, depth);
        const Image out = decode(encode(in, "calo", {{"quality", "80"}}));
        BOOST_REQUIRE_EQUAL(out.pixels.type(), in.pixels.type());
        BOOST_REQUIRE(out.pixels.size() == in.pixels.size());
        BOOST_CHECK_GT(psnr(in.pixels, out.pixels), 30);
        if (channels != 4) continue;
        std::vector<cv::Mat> a, b;
        cv::split(in.pixels, a);
        cv::split(out.pixels, b);
        BOOST_CHECK_EQUAL(cv::norm(a[3], b[3], cv::NORM_INF), 0);
      }
}

BOOST_AUTO_TEST_CASE(floats_are_clipped) {
  Image in = picture(40, 30, 3), clipped = in;
  in.pixels.convertTo(in.pixels, CV_32F, 1.5 / 255, -0.2);
  clipped.pixels = cv::max(0., cv::min(1., in.pixels));
  in.pixels.at<cv::Vec3f>(7, 9) = {50, -30, std::numeric_limits<float>::quiet_NaN()};
  clipped.pixels.at<cv::Vec3f>(7, 9) = {1, 0, 0};
  const cv::Mat before = in.pixels.clone();
  BOOST_CHECK(encode(in, "calo") == encode(clipped, "calo"));
  BOOST_CHECK(std::memcmp(before.ptr(), in.pixels.ptr(), before.total() * before.elemSize()) == 0);
}

BOOST_AUTO_TEST_CASE(metadata_is_kept_unless_stripped) {
  Image in = picture(20, 20, 3);
  in.meta.icc = rgb_profile(srgb_primaries(), power_transfer(1.8));
  in.meta.exif = {'I', 'I', '*', 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  in.meta.xmp = {'<', 'x', '/', '>'};
  in.meta.text = {{"Author", "nobody"}};
  const Metadata all = decode(encode(in, "calo")).meta, some = decode(encode(in, "calo", {{"strip", "icc,text"}})).meta;
  BOOST_CHECK(all.icc == in.meta.icc && all.exif == in.meta.exif && all.xmp == in.meta.xmp && all.text == in.meta.text);
  BOOST_CHECK(some.icc.empty() && some.text.empty() && some.exif == in.meta.exif && some.xmp == in.meta.xmp);
  BOOST_CHECK_THROW(encode(in, "calo", {{"strip", "exfi"}}), Error);
}

BOOST_AUTO_TEST_CASE(size_grows_with_quality) {
  const Image in = picture(200, 120, 3);
  std::size_t previous = 0;
  for (int quality = 1; quality <= 100; quality += 9) {
    const std::size_t size = encode(in, "calo", {{"quality", std::to_string(quality)}}).size();
    BOOST_CHECK_GT(size, previous);
    previous = size;
  }
}

BOOST_AUTO_TEST_CASE(targets_are_met) {
  const Image in = picture(256, 192, 3);
  const Bytes by_psnr = encode(in, "calo", {{"psnr", "36"}});
  BOOST_CHECK_SMALL(psnr(in.pixels, decode(by_psnr).pixels) - 36, 0.1);
  for (const RawParams& target : {RawParams{{"bpp", "0.8"}}, RawParams{{"size", "4915"}}}) {
    const double bytes = double(encode(in, "calo", target).size());
    BOOST_CHECK_LE(bytes, 4915.2);
    BOOST_CHECK_GE(bytes, 0.95 * 4915.2);
  }
  BOOST_CHECK_THROW(encode(in, "calo", {{"size", "40"}}), Error);
  BOOST_CHECK_THROW(encode(in, "calo", {{"psnr", "90"}}), Error);
  BOOST_CHECK_THROW(encode(in, "calo", {{"psnr", "36"}, {"quality", "50"}}), Error);
}

BOOST_AUTO_TEST_CASE(effort_saves_bytes_at_equal_quality) {
  const Image in = picture(256, 192, 3);
  const std::string quality = std::to_string(psnr(in.pixels, decode(encode(in, "calo", {{"quality", "50"}})).pixels));
  const std::size_t quick = encode(in, "calo", {{"psnr", quality}}).size();
  const Bytes slow = encode(in, "calo", {{"psnr", quality}, {"effort", "2"}});
  BOOST_CHECK_LT(double(slow.size()), 0.99 * double(quick));
  BOOST_CHECK(slow == encode(in, "calo", {{"psnr", quality}, {"effort", "2"}}));
}

BOOST_AUTO_TEST_CASE(effort_filters_groups_and_regions_are_exact) {
  for (const auto& [channels, depth] : {std::pair(1, CV_8U), std::pair(3, CV_16U)}) {
    const Image in = picture(2100, 60, channels, depth);
    const Bytes file = encode(in, "calo", {{"quality", "20"}, {"effort", "2"}});
    const Container c = parse_container(file);
    const auto model = LatentModel::open(LatentModel::find(c.header.model), {});
    const auto networks = LatentModel::lease(model);
    std::vector<cv::Mat> latents;
    std::vector<PostFilter> filters;
    for (int i = 0; i < int(c.groups.size()); ++i) {
      const cv::Rect area = group_area(c.header, i);
      const Group& g = c.groups[std::size_t(i)];
      const GroupSymbols symbols =
          decode_group(model->tables(), c.header.rate, area.height, area.width, g.data, g.size);
      reconstruct_group(*networks, *model, c.header.rate, Arithmetic::chosen, symbols)
          .convertTo(latents.emplace_back(), CV_16F);
      filters.push_back(symbols.filter);
    }
    // What is left of the last group without the pixels near its neighbour does not pay for a filter.
    BOOST_CHECK(!filters[0].empty() && !filters[1].empty() && filters[2].empty());
    const auto fidelity = [&](const std::vector<PostFilter>& with) {
      return psnr(in.pixels, synthesise(*networks, *model, c.header, latents, with, {0, 0, 2100, 60}));
    };
    const double plain = fidelity(std::vector<PostFilter>(filters.size())), filtered = fidelity(filters);
    BOOST_CHECK_GT(filtered, plain + 0.01);
    BOOST_CHECK_GT(filtered, fidelity({filters[0], {}, {}}));

    const cv::Mat whole = decode(file).pixels;
    BOOST_REQUIRE_EQUAL(whole.type(), in.pixels.type());
    for (const char* region : {"1010,5,40,50", "0,0,900,60", "2048,0,52,60"}) {
      cv::Rect r;
      std::sscanf(region, "%d,%d,%d,%d", &r.x, &r.y, &r.width, &r.height);
      BOOST_CHECK_EQUAL(cv::norm(decode(file, "calo", {{"region", region}}).pixels, whole(r), cv::NORM_INF), 0);
    }
  }
}

BOOST_AUTO_TEST_CASE(parameters_choose_the_model) {
  const Image in = picture(64, 48, 3);
  using Values = std::map<std::string, std::string>;
  const auto model_of = [&](const Values& values) {
    const Bytes file = encode(in, "calo", values);
    BOOST_CHECK_GT(psnr(in.pixels, decode(file).pixels), 28);
    return parse_container(file).header.model;
  };
  const auto hash = [](const char* name) { return LatentModel::open(name, {})->hash(); };
  for (const Values& values :
       {Values{}, {{"quality", "70"}}, {{"psnr", "30"}}, {{"effort", "2"}}, {{"tier", "fast"}, {"quality", "71"}}})
    BOOST_CHECK_EQUAL(model_of(values), hash("latent-fast"));
  for (const Values& values : {Values{{"tier", "good"}},
                               {{"quality", "71"}},
                               {{"psnr", "45"}},
                               {{"size", "3000"}},
                               {{"tier", "good"}, {"psnr", "30"}}})
    BOOST_CHECK_EQUAL(model_of(values), hash("latent"));
  BOOST_CHECK_EQUAL(model_of({{"tune", "ms-ssim"}}), hash("latent-ms-ssim"));
  BOOST_CHECK(encode(in, "calo", {{"tier", "fast"}}) == encode(in, "calo", {{"model", "latent-fast"}}));
  BOOST_CHECK_THROW(encode(in, "calo", {{"tier", "fast"}, {"tune", "ms-ssim"}}), Error);
  BOOST_CHECK_THROW(encode(in, "calo", {{"tier", "fast"}, {"model", "latent"}}), Error);
  BOOST_CHECK_THROW(encode(in, "calo", {{"tune", "ms-ssim"}, {"model", "latent"}}), Error);
  BOOST_CHECK_THROW(encode(in, "calo", {{"tune", "ms-ssim"}, {"effort", "2"}}), Error);
}

BOOST_AUTO_TEST_CASE(a_picture_of_several_groups_has_no_seams_and_regions_are_exact) {
  const Image in = picture(1300, 1100, 3);
  const Bytes file = encode(in, "calo", {{"quality", "40"}});
  BOOST_CHECK_EQUAL(parse_container(file).groups.size(), 4u);
  const cv::Mat whole = decode(file).pixels;
  BOOST_CHECK_GT(psnr(in.pixels, whole), 30);
  for (const cv::Rect region : {cv::Rect(1000, 1010, 50, 40), cv::Rect(3, 5, 20, 30), cv::Rect(1299, 1099, 1, 1)}) {
    const std::string text = std::to_string(region.x) + "," + std::to_string(region.y) + "," +
                             std::to_string(region.width) + "," + std::to_string(region.height);
    BOOST_CHECK_LE(cv::norm(decode(file, "calo", {{"region", text}}).pixels, whole(region), cv::NORM_INF), 0);
  }
  for (const char* bad :
       {"0,0,1301,1", "-1,0,5,5", "0,0,0,5", "1,2,3", "0,0,4,4,4", "4294967296,0,8,8", "0,0,8,4294967304", "0,0,8,8 "})
    BOOST_CHECK_THROW(decode(file, "calo", {{"region", bad}}), Error);
}

BOOST_AUTO_TEST_CASE(tiled_transforms_equal_whole_ones) {
  const auto model = LatentModel::open("latent", {});
  const auto networks = LatentModel::lease(model);
  const int halo = model->model().manifest().tile.halo;
  const cv::Mat pixels = test_picture(448, 320, 3);
  const int dims[] = {1, 3, pixels.rows, pixels.cols};
  cv::Mat tensor(4, dims, CV_32F);
  for (int c = 0; c < 3; ++c)
    for (int i = 0; i < pixels.rows * pixels.cols; ++i)
      tensor.ptr<float>()[c * pixels.rows * pixels.cols + i] = float(pixels.ptr()[3 * i + 2 - c]) / 255;

  const auto run = [&](const std::string& part, const cv::Mat& x) {
    TensorMap out;
    networks->session(part).run({{"x", x}}, out);
    return out.at("y");
  };
  const cv::Mat latents = run("analysis", tensor);
  const cv::Mat tiled =
      run_tiled(networks->session("analysis"), tensor, {128, halo, kLatentPixels}, 1. / kLatentPixels);
  BOOST_CHECK_LT(cv::norm(latents, tiled, cv::NORM_INF), 1e-4 * cv::norm(latents, cv::NORM_INF));

  const cv::Mat whole = run("synthesis", latents);
  const cv::Mat pieces =
      run_tiled(networks->session("synthesis"), latents, {8, halo / kLatentPixels, 1}, kLatentPixels);
  BOOST_CHECK_LT(cv::norm(whole, pieces, cv::NORM_INF), 1e-4);
}

BOOST_AUTO_TEST_CASE(another_model_is_said_and_not_decoded) {
  Bytes file = encode(picture(20, 20, 3), "calo");
  file[12] ^= 1;
  const std::uint32_t crc = latent::crc32(0, file.data(), kHeaderBytes - 4);
  for (int i = 0; i < 4; ++i) file[std::size_t(kHeaderBytes - 4 + i)] = std::uint8_t(crc >> (8 * i));
  BOOST_CHECK_EXCEPTION(decode(file), Error, [](const Error& e) { return e.code() == ErrorCode::model_mismatch; });
}

BOOST_AUTO_TEST_SUITE_END()
