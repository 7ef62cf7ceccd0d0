// SPDX-License-Identifier: Apache-2.0
// The element `network`, with networks whose results are known without one.
#include <unistd.h>

#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "networks/foreign_networks.hpp"
#include "support.hpp"

using namespace calotype;

namespace {

namespace fs = std::filesystem;

/// A model folder; the library knows a network that it has loaded by its file.
class Foreign {
 public:
  Foreign(const Bytes& onnx, const std::string& task, const std::string& sections) {
    static int number = 0;
    folder_ =
        fs::temp_directory_path() / ("calotype_foreign_" + std::to_string(::getpid()) + "_" + std::to_string(number++));
    fs::create_directories(folder_);
    write_file(file("net.onnx"), onnx);
    write("model.ini", "[model]\nid=foreign\ntask=" + task + "\n[part]\nnetwork=net.onnx\n" + sections);
  }
  ~Foreign() { fs::remove_all(folder_); }
  Foreign(const Foreign&) = delete;
  Foreign& operator=(const Foreign&) = delete;

  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    write_file(file(name), {text.begin(), text.end()});
  }
  Image run(const Image& image, RawParams raw = {}) const {
    raw["model"] = folder_.string();
    const auto specs = Registry::global().describe(Kind::backbone, "network").element.params;
    return Registry::global().backbone("network")->run(image, Params::validated(specs, raw, "network"));
  }

 private:
  fs::path folder_;
};

std::string picture_ini(const std::string& more = {}) {
  return more + "[input]\nname=image\n[output]\npicture=result\n";
}

double apart(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() ? cv::norm(a, b, cv::NORM_INF) : 1e9;
}

cv::Mat doubled(const cv::Mat& pixels) {
  cv::Mat larger;
  cv::resize(pixels, larger, pixels.size() * 2, 0, 0, cv::INTER_NEAREST);
  return larger;
}

Image noise(const cv::Size& size, int type) {
  Image image;
  image.pixels.create(size, type);
  cv::RNG random(7);
  random.fill(image.pixels, cv::RNG::UNIFORM, 0,
              image.pixels.depth() == CV_8U    ? 256.
              : image.pixels.depth() == CV_16U ? 65536.
                                               : 1.);
  return image;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(network_element)

BOOST_AUTO_TEST_CASE(pictures_of_all_kinds_and_sizes_grow) {
  const Foreign model(doubler(), "image", picture_ini("[tile]\nhalo=4\nsize=64\n") + "scale=2\n");
  for (const cv::Size size : {cv::Size(1, 1), cv::Size(5000, 1), cv::Size(1, 200), cv::Size(150, 131)})
    for (const int type : {CV_8UC1, CV_8UC3, CV_16UC3, CV_32FC1, CV_32FC3})
      BOOST_TEST_CONTEXT(size << " type " << type) {
        const Image image = noise(size, type);
        BOOST_TEST(apart(model.run(image).pixels, doubled(image.pixels)) <= 1e-5);
      }
}

BOOST_AUTO_TEST_CASE(alpha_and_mask_grow_with_the_colours) {
  const Foreign model(doubler(), "image", picture_ini() + "scale=2\n");
  for (const int type : {CV_8UC2, CV_8UC4, CV_16UC4}) BOOST_TEST_CONTEXT("type " << type) {
      Image image = noise({40, 30}, type);
      const int last = image.pixels.channels() - 1;
      cv::insertChannel(cv::Mat(image.pixels.size(), image.pixels.depth(), cv::Scalar(77)), image.pixels, last);
      image.mask = cv::Mat(30, 40, CV_8U, cv::Scalar(9));
      image.jpeg_quality = 50;
      const Image result = model.run(image);
      BOOST_TEST(apart(result.pixels, doubled(image.pixels)) == 0);
      BOOST_TEST(apart(result.mask, doubled(image.mask)) == 0);
      BOOST_TEST(result.jpeg_quality == 0);
    }
}

BOOST_AUTO_TEST_CASE(tiles_do_not_show) {
  const Image image = noise({203, 151}, CV_16UC3);
  const Foreign whole(blur(), "image", picture_ini("[tile]\nhalo=0\nsize=65536\n"));
  const Foreign tiled(blur(), "image", picture_ini("[tile]\nhalo=2\nsize=32\n"));
  const Foreign fixed(blur(40, 48), "image", picture_ini("[tile]\nhalo=2\n") + "[input]\nsize=48x40\n");
  const cv::Mat expected = whole.run(image).pixels;
  cv::Mat blurred;
  cv::blur(image.pixels, blurred, {5, 5}, {-1, -1}, cv::BORDER_CONSTANT);
  BOOST_TEST(apart(expected, blurred) <= 1);
  BOOST_TEST(apart(tiled.run(image).pixels, expected) <= 1);
  BOOST_TEST(apart(fixed.run(image).pixels, expected) <= 1);
}

BOOST_AUTO_TEST_CASE(networks_of_one_size_take_smaller_pictures_too) {
  const Foreign model(doubler(3, 40, 48), "image", picture_ini("[tile]\nhalo=0\n") + "scale=2\n[input]\nsize=48x40\n");
  for (const cv::Size size : {cv::Size(1, 1), cv::Size(50, 10), cv::Size(48, 40), cv::Size(97, 41)}) {
    const Image image = noise(size, CV_8UC3);
    BOOST_TEST(apart(model.run(image).pixels, doubled(image.pixels)) == 0, size);
  }
}

BOOST_AUTO_TEST_CASE(sides_are_rounded_up_to_the_multiple) {
  const Foreign model(halving(), "image", picture_ini("[tile]\nmultiple=2\nhalo=2\nsize=16\n"));
  const Image image = noise({33, 17}, CV_8UC3);
  const cv::Mat result = model.run(image).pixels;
  BOOST_TEST(result.size() == image.pixels.size());
  cv::Mat mean;
  cv::resize(image.pixels(cv::Rect(0, 0, 32, 16)), mean, {16, 8}, 0, 0, cv::INTER_AREA);
  cv::Mat expected;
  cv::addWeighted(image.pixels(cv::Rect(0, 0, 32, 16)), 0.5, doubled(mean), 0.5, 0, expected);
  BOOST_TEST(apart(result(cv::Rect(0, 0, 32, 16)), expected) <= 1);
}

BOOST_AUTO_TEST_CASE(a_network_for_grey_is_run_on_each_colour) {
  const Foreign model(doubler(1), "image", picture_ini() + "scale=2\n[input]\nchannels=grey\n");
  for (const int type : {CV_8UC1, CV_8UC3, CV_16UC4}) {
    const Image image = noise({20, 10}, type);
    const cv::Mat result = model.run(image).pixels;
    BOOST_TEST(result.type() == type);
    cv::Mat got, expected;
    cv::extractChannel(result, got, 0);
    cv::extractChannel(doubled(image.pixels), expected, 0);
    BOOST_TEST(apart(got, expected) == 0);
  }
}

BOOST_AUTO_TEST_CASE(one_channel_of_three_is_a_grey_picture) {
  const Foreign model(lightness(), "image", picture_ini());
  const Image image = noise({20, 10}, CV_8UC3);
  cv::Mat expected;
  cv::transform(image.pixels, expected, cv::Matx13f(1 / 3.f, 1 / 3.f, 1 / 3.f));
  BOOST_TEST(apart(model.run(image).pixels, expected) <= 1);
}

BOOST_AUTO_TEST_CASE(samples_go_in_and_come_out_as_the_model_says) {
  const Image image = noise({20, 10}, CV_8UC3);
  cv::Mat expected;
  cv::bitwise_not(image.pixels, expected);
  for (const char* order : {"rgb", "bgr"})
    for (const bool last : {false, true}) {
      const std::string layout = last ? "nhwc" : "nchw";
      const Foreign bytes(negative(255, last), "image",
                          "[input]\nname=image\nrange=0..255\nchannels=" + std::string(order) + "\nlayout=" + layout +
                              "\n[output]\npicture=result\nrange=0..255\n");
      BOOST_TEST(apart(bytes.run(image).pixels, expected) <= 1, layout);
    }
  // (x - 0.5) / 0.25 is taken from 2: 4 - 4 x; white is 0 and black 4.
  const Foreign normalised(negative(2), "image",
                           "[input]\nname=image\nmean=0.5\nstd=0.25\n[output]\npicture=result\nrange=0..4\n");
  BOOST_TEST(apart(normalised.run(image).pixels, expected) <= 1);
}

BOOST_AUTO_TEST_CASE(classifiers_say_what_they_see) {
  const std::string ini = "labels=labels.txt\n[input]\nname=image\nsize=8x6\n[output]\n";
  for (const bool probabilities : {false, true})
    for (const char* order : {"rgb", "bgr"})
      for (const char* fit : {"stretch", "crop", "letterbox"}) BOOST_TEST_CONTEXT(order << " " << fit) {
          const Foreign model(colour_classifier(probabilities), "classify",
                              ini + (probabilities ? "probabilities" : "logits") +
                                  "=result\n[input]\nchannels=" + order + "\nfit=" + fit + "\n");
          model.write("labels.txt", "first\nsecond\nthird\n");
          Image image;
          image.pixels = cv::Mat(90, 120, CV_8UC3, cv::Scalar(0, 51, 255));  // red, with a little green
          const Image result = model.run(image, {{"top", "2"}});
          BOOST_REQUIRE(result.labels.size() == 2);
          BOOST_TEST(result.labels[0].name == (order == std::string("rgb") ? "first" : "third"));
          BOOST_TEST(result.labels[1].name == "second");
          // exp(10) : exp(2) : exp(0)
          BOOST_TEST(result.labels[0].score == 0.99962, boost::test_tools::tolerance(1e-3));
          BOOST_TEST(apart(result.pixels, image.pixels) == 0);
        }
}

BOOST_AUTO_TEST_CASE(the_middle_is_cut_out_or_bars_are_added) {
  Image image;
  image.pixels = cv::Mat(60, 240, CV_8UC3, cv::Scalar(255, 0, 0));
  image.pixels(cv::Rect(80, 0, 80, 60)).setTo(cv::Scalar(0, 0, 255));  // red between blue
  const auto best = [&](const std::string& fit) {
    const Foreign model(colour_classifier(), "classify",
                        "[input]\nname=image\nsize=8x6\nfit=" + fit + "\n[output]\nlogits=result\n");
    return model.run(image).labels;
  };
  BOOST_TEST(best("crop")[0].name == "class 0");
  BOOST_TEST(best("crop")[0].score > 0.999);
  BOOST_TEST(best("stretch")[0].name == "class 2");
  BOOST_TEST(best("letterbox")[0].score < best("stretch")[0].score);
}

BOOST_AUTO_TEST_CASE(memory_is_bounded_where_the_model_says_what_it_needs) {
  const Image image = noise({300, 200}, CV_8UC3);
  const Foreign silent(blur(), "image", picture_ini("[tile]\nhalo=2\nsize=512\n"));
  const Foreign known(blur(), "image", picture_ini("[tile]\nhalo=2\nsize=512\nmemory=100\n"));
  BOOST_TEST(code_of([&] { silent.run(image, {{"max-memory", "2000"}}); }) == ErrorCode::unsupported);
  BOOST_TEST(code_of([&] { known.run(image, {{"max-memory", "1"}}); }) == ErrorCode::limit);
  BOOST_TEST(apart(known.run(image, {{"max-memory", "20000"}}).pixels, silent.run(image).pixels) == 0);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_said) {
  const Image image = noise({30, 20}, CV_8UC3);
  const auto code = [&](const Bytes& onnx, const std::string& task, const std::string& ini) {
    const Foreign model(onnx, task, ini);
    return code_of([&] { model.run(image); });
  };
  BOOST_TEST(code(doubler(), "image", picture_ini()) == ErrorCode::unsupported);  // scale
  BOOST_TEST(code(doubler(), "image", "[input]\nname=image\n[output]\npicture=other\n") == ErrorCode::corrupt);
  BOOST_TEST(code(colour_classifier(), "image", picture_ini() + "[input]\nsize=8x6\n[tile]\nhalo=0\n") ==
             ErrorCode::corrupt);
  BOOST_TEST(code(lightness(), "cutout", "[input]\nname=image\n[output]\nmask=result\n") == ErrorCode::usage);
  BOOST_TEST(code(lightness(), "classify", "[input]\nname=image\nsize=8x6\n[output]\nlogits=other\n") ==
             ErrorCode::corrupt);
  const auto specs = Registry::global().describe(Kind::backbone, "network").element.params;
  BOOST_TEST(code_of([&] {
               Registry::global().backbone("network")->run(image, Params::validated(specs, {}, "network"));
             }) == ErrorCode::usage);
}

BOOST_AUTO_TEST_SUITE_END()
