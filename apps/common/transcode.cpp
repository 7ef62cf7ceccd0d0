// SPDX-License-Identifier: Apache-2.0
#include "common/transcode.hpp"

#include <algorithm>
#include <calotype/error.hpp>
#include <calotype/io.hpp>
#include <calotype/registry.hpp>
#include <memory>
#include <opencv2/core/utility.hpp>

#include "common/batch.hpp"
#include "common/elements.hpp"
#include "common/rules.hpp"

using namespace calotype;

namespace {

/// Extensions that a folder is searched for. Without a suffix in their names, files of the target's own extension may
/// be what an earlier run has written.
std::set<std::string> wanted_extensions(const Transcode& plan) {
  std::set<std::string> wanted = decoder_extensions(plan.decoder);
  if (plan.decoder.empty() && plan.suffix.empty()) wanted.erase(plan.extension);
  return wanted;
}

std::string output_format(const Transcode& plan, const std::string& output) {
  for (const std::string& format : {plan.encoder, extension_of(output), plan.extension})
    if (!format.empty()) return format;
  throw Error(ErrorCode::usage, output + ": the output's format is not known", "say --format NAME");
}

/// One object per file that computes: they belong to one thread at a time, and keep their buffers from file to file.
using Backbones = std::vector<std::unique_ptr<Backbone>>;

Output transcode_one(const Transcode& plan, const Rules& rules, Backbones& backbones, const Job& job,
                     const Compute& compute) {
  Registry& registry = Registry::global();
  std::string decoder, encoder;
  const auto next = registry.encoder(output_format(plan, job.output), &encoder);
  const ElementInfo writing = registry.describe(Kind::encoder, encoder).element;
  RawParams to_decoder, to_encoder;
  for (const auto& [name, value] : plan.params)
    if (declares(writing, name)) to_encoder[name] = value;
  // Before anything else: networks take longer to load than pictures.
  next->prepare(Params::validated(writing.params, to_encoder, encoder));

  Bytes source = read_file(job.input, rules);
  registry.decoder_for(source, extension_of(job.input), &decoder);
  if (!plan.decoder.empty() && decoder != plan.decoder)
    throw Error(ErrorCode::usage, job.input + ": this is " + decoder + ", not " + plan.decoder,
                "\"calotype convert\" turns any format into any other");
  const ElementInfo reading = registry.describe(Kind::decoder, decoder).element;
  for (const auto& [name, value] : plan.params) {
    if (declares(reading, name)) to_decoder[name] = value;
    // What neither declares is the encoder's to refuse; threads concerns only elements that have a choice.
    if (!declares(writing, name) && !declares(reading, name) && name != "threads") to_encoder[name] = value;
  }
  Params::validated(writing.params, to_encoder, encoder);  // before the work of decoding
  Params to_backbone;
  if (!plan.backbone.empty()) {
    const ElementInfo restoring = registry.describe(Kind::backbone, plan.backbone).element;
    RawParams given = plan.backbone_params(job);
    const auto threads = plan.params.find("threads");
    if (threads != plan.params.end() && declares(restoring, "threads")) given["threads"] = threads->second;
    to_backbone = Params::validated(restoring.params, given, plan.backbone);
  }

  Image image;
  Output output;
  output.bytes_in = source.size();
  const auto decoding = [&](std::size_t) {
    image = decode(source, extension_of(job.input), to_decoder, rules, job.input);
    source = Bytes();  // what comes next needs the room
  };
  const auto restoring = [&](std::size_t number) {
    if (!backbones[number]) backbones[number] = registry.backbone(plan.backbone);
    image = backbones[number]->run(std::move(image), to_backbone);
  };
  const auto encoding = [&](std::size_t) {
    output.bytes = encode(image, encoder, to_encoder, rules, job.input, &image.lost);
  };

  runs_networks(reading) ? compute(decoding) : decoding(0);
  if (!plan.backbone.empty()) compute(restoring);
  runs_networks(writing) ? compute(encoding) : encoding(0);
  output.width = image.pixels.cols;
  output.height = image.pixels.rows;
  output.lost = image.lost;
  return output;
}

}  // namespace

std::vector<Option> transcode_options() {
  std::vector<Option> options = batch_options();
  for (Option& option : rules_options()) options.push_back(std::move(option));
  return options;
}

Option param_option() {
  return {"param", 'p', "KEY=VALUE",
          "A parameter of the input's or the output's format, as \"calotype inspect FORMAT\" lists them; may be "
          "repeated."};
}

RawParams format_params(const Arguments& arguments) {
  RawParams params;
  for (const std::string& assignment : arguments.all("param")) {
    const auto equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Error(ErrorCode::usage, "-p \"" + assignment + "\" is not KEY=VALUE", "for example -p quality=90");
    params[assignment.substr(0, equals)] = assignment.substr(equals + 1);
  }
  if (arguments.has("threads")) params["threads"] = arguments.text("threads");
  return params;
}

RawParams all_params(const std::vector<Option>& own, const Arguments& arguments) {
  RawParams params = element_params(own, arguments);
  params.merge(format_params(arguments));
  return params;
}

int transcode(const std::string& verb, Transcode plan, const Arguments& arguments) {
  const Rules allowed = rules(arguments);
  const auto jobs = make_jobs(arguments.operands(), {wanted_extensions(plan), plan.extension, arguments.text("output"),
                                                     arguments.has("recursive"), plan.suffix, plan.left_out});
  const BatchRules rules = batch_rules(arguments, jobs.size());
  if (rules.at_once > 1)
    plan.params["threads"] = std::to_string(std::max(1, cv::getNumThreads() / static_cast<int>(rules.at_once)));
  Backbones backbones(rules.at_once);
  return run_batch(verb, jobs, rules, [&](const Job& job, const Compute& compute) {
    return transcode_one(plan, allowed, backbones, job, compute);
  });
}
