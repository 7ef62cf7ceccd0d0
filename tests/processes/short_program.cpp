// SPDX-License-Identifier: Apache-2.0
// short_program ENDING MICROSECONDS ENGINE [FILE]: begins to load networks, and ends so long after in the way asked
// for. Exits with 0 when everything was as it should be.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <calotype/calotype.hpp>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <opencv2/core.hpp>
#include <system_error>
#include <thread>

using namespace calotype;

namespace {

RawParams how;
std::chrono::microseconds moment;

void pause_a_moment() { std::this_thread::sleep_for(moment); }

std::unique_ptr<Encoder> prepared() {
  Registry& registry = Registry::global();
  auto encoder = registry.encoder("calo");
  encoder->prepare(Params::validated(registry.describe(Kind::encoder, "calo").element.params, how, ""));
  return encoder;
}

bool encodes() {
  Image image;
  image.pixels.create(64, 64, CV_8UC3);
  cv::randu(image.pixels, 0, 255);
  return !encode(image, "calo", how).empty();
}

/// A network of three channels, of the kind that oneDNN's own kernels run.
bool runs_on_openmp(const std::string& network) {
  const std::vector<Item> items = Registry::global().items();
  if (std::none_of(items.begin(), items.end(), [](const Item& item) { return item.element.name == "onednn"; }))
    return true;
  const int size[] = {1, 3, 32, 32};
  TensorMap out;
  const auto loaded = Registry::global().engine("onednn")->load(network, {});
  loaded->session()->run({{"x", cv::Mat(4, size, CV_32F, cv::Scalar(1))}}, out);
  return !out.empty();
}

bool in_child(const std::function<bool()>& work) {
  const pid_t child = fork();
  if (child == 0) std::exit(work() ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::unique_ptr<Encoder> kept;  // and destroyed after main()

const std::map<std::string, std::function<bool(const std::string& file)>> endings = {
    {"return",
     [](const std::string&) {
       const auto encoder = prepared();
       pause_a_moment();
       return true;
     }},
    {"leak",
     [](const std::string&) {
       static const Encoder* const leaked = prepared().release();
       pause_a_moment();
       return leaked != nullptr;
     }},
    {"static",
     [](const std::string&) {
       kept = prepared();
       pause_a_moment();
       return true;
     }},
    {"exit",
     [](const std::string&) -> bool {
       const auto encoder = prepared();
       pause_a_moment();
       std::exit(0);
     }},
    {"exit_in_thread",
     [](const std::string&) {
       std::thread([] {
         const auto encoder = prepared();
         pause_a_moment();
         std::exit(0);
       }).join();
       return false;
     }},
    {"exit_in_other_thread",
     [](const std::string&) {
       const auto encoder = prepared();
       std::thread([] {
         pause_a_moment();
         std::exit(0);
       }).join();
       return false;
     }},
    {"throw",
     [](const std::string&) {
       try {
         const auto encoder = prepared();
         pause_a_moment();
         throw Error(ErrorCode::usage, "enough");
       } catch (const Error&) {
         return true;
       }
     }},
    {"end_of_thread",
     [](const std::string&) {
       std::unique_ptr<Encoder> encoder;
       std::thread([&] { encoder = prepared(); }).join();
       pause_a_moment();
       return encodes();
     }},
    {"decode_damaged",
     [](const std::string& file) {
       pause_a_moment();
       try {
         read_image(file, how);
         return false;
       } catch (const Error& e) {
         return e.code() == ErrorCode::corrupt;
       }
     }},
    {"fork_while_loading",
     [](const std::string&) {
       const auto encoder = prepared();
       pause_a_moment();
       return in_child(encodes) && encodes();
     }},
    {"fork_and_return",
     [](const std::string&) {
       const auto encoder = prepared();
       pause_a_moment();
       return in_child([] { return prepared() != nullptr; });
     }},
    {"no_thread",
     [](const std::string&) {
       try {
         std::thread([] {}).join();
         return false;
       } catch (const std::system_error&) {
         return true;
       }
     }},
    {"work", [](const std::string&) { return encodes(); }},
    {"openmp", [](const std::string& network) { return runs_on_openmp(network); }},
    {"fork_after_openmp",
     [](const std::string& network) {
       return runs_on_openmp(network) && in_child([&] { return runs_on_openmp(network); });
     }},
    {"fork_after_work",
     [](const std::string&) {
       const bool worked = encodes();
       pause_a_moment();
       return worked && in_child(encodes) && in_child(encodes);
     }},
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  moment = std::chrono::microseconds(std::atoi(argv[2]));
  how["engine"] = argv[3];
  try {
    return endings.at(argv[1])(argc > 4 ? argv[4] : "") ? 0 : 1;
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}
