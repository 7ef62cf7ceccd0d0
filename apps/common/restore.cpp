// SPDX-License-Identifier: Apache-2.0
#include "common/restore.hpp"

#include <calotype/error.hpp>
#include <calotype/registry.hpp>

#include "common/elements.hpp"
#include "common/transcode.hpp"

using namespace calotype;

std::vector<Option> restore_options(const std::string& backbone) {
  std::vector<Option> all = element_options(Kind::backbone, backbone);
  all.push_back({"format", 'f', "NAME", "Format of the output (default: by -o's extension, else png)."});
  all.push_back(param_option());
  for (Option& option : transcode_options()) all.push_back(std::move(option));
  return all;
}

int restore(const std::string& backbone, const std::string& suffix, const Arguments& arguments,
            const std::function<RawParams(const Job&)>& of_one_file, const std::string& left_out) {
  set_threads(arguments);
  if (arguments.has("max-memory") && arguments.integer("jobs", 1, 1) > 1)
    throw Error(ErrorCode::usage, "--max-memory bounds what one file needs, and --jobs asks for several at once",
                "leave one of them out");
  const RawParams of_all = element_params(element_options(Kind::backbone, backbone), arguments);
  Params::validated(Registry::global().describe(Kind::backbone, backbone).element.params, of_all, {});
  Transcode plan;
  plan.encoder = arguments.text("format");
  plan.extension = arguments.text("format", "png");
  plan.params = format_params(arguments);
  plan.backbone = backbone;
  plan.backbone_params = [&](const Job& job) {
    RawParams params = of_one_file ? of_one_file(job) : RawParams();
    params.insert(of_all.begin(), of_all.end());
    return params;
  };
  plan.suffix = suffix;
  plan.left_out = left_out;
  return transcode(backbone, plan, arguments);
}
