// SPDX-License-Identifier: Apache-2.0
// Runs one network on one engine and prints what it took as JSON; bench/engines.py drives it.
//
//   run_network FILE.onnx ENGINE PRECISION THREADS SECONDS OUT NAME=IN.f32:N,C,H,W ...
//
// Inputs are raw floats. The outputs of the first run go to OUT.<name>.f32 ("-": nowhere). With SECONDS "-" the network
// stays loaded and runs for every number of seconds read from standard input, a line of JSON each, so that several
// programs can take turns.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iostream>
#include <opencv2/core.hpp>
#include <sstream>

#include "calotype/engine.hpp"
#include "calotype/error.hpp"
#include "calotype/io.hpp"
#include "calotype/registry.hpp"

namespace {

using namespace calotype;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::pair<std::string, cv::Mat> input(const std::string& argument) {
  const std::size_t equals = argument.find('='), colon = argument.rfind(':');
  if (equals == std::string::npos || colon == std::string::npos || colon < equals)
    throw Error(ErrorCode::usage, "expected NAME=FILE:N,C,H,W, got " + argument);
  std::vector<int> dims;
  std::istringstream sides(argument.substr(colon + 1));
  for (std::string side; std::getline(sides, side, ',');) dims.push_back(std::stoi(side));
  cv::Mat tensor(static_cast<int>(dims.size()), dims.data(), CV_32F);
  const Bytes bytes = read_file(argument.substr(equals + 1, colon - equals - 1));
  if (bytes.size() != 4 * tensor.total()) throw Error(ErrorCode::usage, argument + ": the file has another size");
  std::memcpy(tensor.data, bytes.data(), bytes.size());
  return {argument.substr(0, equals), tensor};
}

/// getrusage would count the parent's memory from before exec.
double peak_megabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM:", 0) == 0) return std::stod(line.substr(6)) / 1024;
  return 0;
}

/// Sorted, of at least one run, after one that warms up.
std::vector<double> times(Session& session, const TensorMap& in, TensorMap& out, double seconds) {
  session.run(in, out);
  std::vector<double> taken;
  for (const double until = now() + seconds; taken.empty() || now() < until;) {
    const double begin = now();
    session.run(in, out);
    taken.push_back(now() - begin);
  }
  std::sort(taken.begin(), taken.end());
  return taken;
}

int run(int argc, char** argv) {
  if (argc < 8) {
    std::cerr << "usage: run_network FILE.onnx ENGINE PRECISION THREADS SECONDS OUT NAME=IN.f32:N,C,H,W ...\n";
    return 2;
  }
  TensorMap in, out;
  for (int i = 7; i < argc; ++i) in.insert(input(argv[i]));
  const double before = peak_megabytes();
  const double start = now();
  const auto network = Registry::global().engine(argv[2])->load(argv[1], {"auto", {argv[3]}, std::stoi(argv[4])});
  const auto session = network->session();
  const double loaded = now();
  session->run(in, out);
  const double first = now();
  for (const auto& [name, tensor] : out)
    if (std::strcmp(argv[6], "-") != 0)
      std::ofstream(std::string(argv[6]) + "." + name + ".f32", std::ios::binary)
          .write(reinterpret_cast<const char*>(tensor.data), static_cast<std::streamsize>(4 * tensor.total()));
  std::istringstream once(argv[5]);
  std::istream& rounds = std::strcmp(argv[5], "-") == 0 ? std::cin : once;
  for (double seconds; rounds >> seconds;) {
    const std::vector<double> taken = times(*session, in, out, seconds);
    std::cout << "{\"engine\": \"" << network->info().engine << "\", \"device\": \"" << network->info().device
              << "\", \"precision\": \"" << network->info().precision << "\", \"load_ms\": " << 1e3 * (loaded - start)
              << ", \"first_ms\": " << 1e3 * (first - loaded) << ", \"best_ms\": " << 1e3 * taken.front()
              << ", \"median_ms\": " << 1e3 * taken[taken.size() / 2] << ", \"runs\": " << taken.size()
              << ", \"memory_mb\": " << peak_megabytes() - before << "}" << std::endl;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& e) {
    std::cerr << "run_network: " << e.full_text() << '\n';
    return exit_status(e.code());
  }
}
