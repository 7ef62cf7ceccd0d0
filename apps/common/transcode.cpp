// SPDX-License-Identifier: Apache-2.0
#include "common/transcode.hpp"

#include <unistd.h>

#include <calotype/error.hpp>
#include <calotype/io.hpp>
#include <calotype/model.hpp>
#include <calotype/registry.hpp>
#include <chrono>
#include <filesystem>
#include <set>

#include "common/console.hpp"
#include "common/files.hpp"
#include "common/interrupt.hpp"

namespace fs = std::filesystem;
using namespace calotype;

namespace {

struct Result {
  int width = 0, height = 0;
  std::size_t bytes_in = 0, bytes_out = 0;
  double seconds = 0;
  double bpp() const { return 8.0 * static_cast<double>(bytes_out) / (static_cast<double>(width) * height); }
};

/// Extensions that a folder is searched for: the decoder's, or all known but the target's own.
std::set<std::string> wanted_extensions(const Transcode& plan) {
  std::set<std::string> wanted;
  for (const Item& item : Registry::global().items())
    if (item.element.kind == Kind::decoder && (plan.decoder.empty() || item.element.name == plan.decoder))
      wanted.insert(item.element.extensions.begin(), item.element.extensions.end());
  if (plan.decoder.empty()) wanted.erase(plan.extension);
  return wanted;
}

bool declares(const ElementInfo& element, const std::string& parameter) {
  for (const ParamSpec& spec : element.params)
    if (spec.name == parameter) return true;
  return false;
}

std::string output_format(const Transcode& plan, const std::string& output) {
  for (const std::string& format : {plan.encoder, extension_of(output), plan.extension})
    if (!format.empty()) return format;
  throw Error(ErrorCode::usage, output + ": the output's format is not known", "say --format NAME");
}

Result transcode_one(const Transcode& plan, const Job& job, const Limits& limits, bool overwrite) {
  const auto start = std::chrono::steady_clock::now();
  std::error_code ignored;
  if (job.output != "-" && !overwrite && fs::is_regular_file(job.output, ignored))
    throw Error(ErrorCode::usage, job.output + " exists already", "choose another name or add --overwrite");
  if (job.output == "-" && isatty(STDOUT_FILENO))
    throw Error(ErrorCode::usage, "a picture is not written to a terminal", "name a file with -o, or use a pipe");

  Registry& registry = Registry::global();
  const Bytes source = read_file(job.input, limits);
  std::string decoder, encoder;
  registry.decoder_for(source, extension_of(job.input), &decoder);
  if (!plan.decoder.empty() && decoder != plan.decoder)
    throw Error(ErrorCode::usage, job.input + ": this is " + decoder + ", not " + plan.decoder,
                "\"calotype convert\" turns any format into any other");
  registry.encoder(output_format(plan, job.output), &encoder);

  const ElementInfo reading = registry.describe(Kind::decoder, decoder).element;
  const ElementInfo writing = registry.describe(Kind::encoder, encoder).element;
  RawParams to_decoder, to_encoder;
  for (const auto& [name, value] : plan.params) {
    if (declares(reading, name)) to_decoder[name] = value;
    // What neither declares is the encoder's to refuse; threads concerns only elements that have a choice.
    if (declares(writing, name) || (!declares(reading, name) && name != "threads")) to_encoder[name] = value;
  }
  // Before the work of decoding.
  const Params checked = Params::validated(writing.params, to_encoder, encoder);
  const auto next = registry.encoder(encoder);
  next->prepare(checked);

  const Image image = decode(source, extension_of(job.input), to_decoder, limits, job.input);
  const Bytes target = encode(image, encoder, to_encoder);
  if (job.output != "-" && fs::path(job.output).has_parent_path()) {
    std::error_code failed;
    fs::create_directories(fs::path(job.output).parent_path(), failed);
    if (failed) throw Error(ErrorCode::io, fs::path(job.output).parent_path().string() + ": " + failed.message());
  }
  write_file(job.output, target, overwrite);

  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return {image.pixels.cols, image.pixels.rows, source.size(), target.size(), seconds.count()};
}

Json networks_json() {
  std::vector<Json> networks;
  for (const NetworkInfo& network : networks_in_use())
    networks.push_back(
        Json::object({{"engine", network.engine}, {"device", network.device}, {"precision", network.precision}}));
  return Json::array(networks);
}

void report_result(const Job& job, const Result& result, bool json) {
  if (json)
    return print_json(Json::object({{"input", job.input},
                                    {"output", job.output},
                                    {"input_bytes", result.bytes_in},
                                    {"bytes", result.bytes_out},
                                    {"width", result.width},
                                    {"height", result.height},
                                    {"bpp", result.bpp()},
                                    {"seconds", result.seconds},
                                    {"networks", networks_json()}}));
  std::string line = job.input + " -> " + job.output + ", " + std::to_string(result.width) + "x" +
                     std::to_string(result.height) + ", " + std::to_string(result.bytes_out) + " bytes, " +
                     fixed(result.bpp(), 3) + " bpp, " + fixed(result.seconds, 2) + " s";
  if (is_verbose())
    for (const NetworkInfo& network : networks_in_use())
      line += ", " + network.engine + " on " + network.device + " in " + network.precision;
  report(line);
}

}  // namespace

std::vector<Option> transcode_options() {
  return {{"output", 'o', "OUT|DIR", "Write to this file, into this folder, or to standard output (-)."},
          {"overwrite", 0, "", "Replace files that exist."},
          {"recursive", 'r', "", "Look into sub-folders too, and keep them under the output folder."},
          {"max-pixels", 0, "N", "Refuse pictures of more pixels (default 268435456)."},
          {"json", 0, "", "Print one JSON object per file on standard output."}};
}

int transcode(const std::string& verb, const Transcode& plan, const Arguments& arguments) {
  const bool json = arguments.has("json"), overwrite = arguments.has("overwrite");
  Limits limits;
  limits.max_pixels = arguments.integer("max-pixels", limits.max_pixels, 1);
  const auto jobs = make_jobs(arguments.operands(), {wanted_extensions(plan), plan.extension, arguments.text("output"),
                                                     arguments.has("recursive")});
  if (json && jobs.front().output == "-")
    throw Error(ErrorCode::usage, "--json and the picture cannot both go to standard output", "name a file with -o");

  int status = 0;
  std::size_t done = 0;
  double bytes_in = 0, bytes_out = 0;
  std::set<std::string> outputs;
  const auto start = std::chrono::steady_clock::now();
  stop_gently();
  for (std::size_t i = 0; i < jobs.size() && stop_signal() == 0; ++i) {
    const Job& job = jobs[i];
    show_progress(i + 1, jobs.size(), job.input);
    try {
      if (!outputs.insert(job.output).second)
        throw Error(ErrorCode::usage, job.output + " is another input's output already",
                    "convert it in a run of its own");
      const Result result = transcode_one(plan, job, limits, overwrite);
      report_result(job, result, json);
      ++done;
      bytes_in += static_cast<double>(result.bytes_in);
      bytes_out += static_cast<double>(result.bytes_out);
    } catch (const Error& error) {
      const int failed = exit_status(error.code());
      const std::string text = error.full_text();
      print_error(verb, text.find(job.input) == std::string::npos ? job.input + ": " + text : text);
      if (json) print_json(Json::object({{"input", job.input}, {"error", text}, {"status", failed}}));
      if (status == 0) status = failed;
    }
  }
  if (jobs.size() > 1) {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    report(std::to_string(done) + " of " + std::to_string(jobs.size()) + " files, " + human_size(bytes_in) + " -> " +
           human_size(bytes_out) + ", " + fixed(seconds.count(), 2) + " s");
  }
  return stop_signal() ? 128 + stop_signal() : status;
}
