// SPDX-License-Identifier: Apache-2.0
#include <calotype/error.hpp>
#include <calotype/pipeline.hpp>

#include "common/console.hpp"
#include "common/elements.hpp"
#include "common/networks.hpp"
#include "common/rules.hpp"
#include "verbs.hpp"

using namespace calotype;

namespace {

std::vector<Option> options() {
  std::vector<Option> all = {{"overwrite", 0, "", "Replace files that exist."},
                             {"check", 0, "", "Only check the pipeline: names, parameters and ranges."},
                             threads_option()};
  for (Option& option : rules_options()) all.push_back(std::move(option));
  return all;
}

int run(const Arguments& arguments) {
  if (arguments.operands().empty())
    throw Error(ErrorCode::usage, "no pipeline given", "for example: decode a.jpg ! encode b.png");
  set_threads(arguments);
  Pipeline pipeline = Pipeline::parse(arguments.operands());
  pipeline.rules(rules(arguments)).overwrite(arguments.has("overwrite"));
  if (arguments.has("check")) {
    pipeline.check();
    return 0;
  }
  const Image image = pipeline.run();
  if (is_verbose()) report("done" + networks_text());
  for (const Label& label : image.labels) print(fixed(label.score, 4) + " " + label.name);
  return 0;
}

}  // namespace

const Verb run_verb = {"run",
                       "[options] PIPELINE",
                       "Run a chain of stages, \"decode FILE ! STAGE key=value ! encode FILE\".",
                       "  calotype run 'decode photo.jpg ! encode copy.png'\n"
                       "  calotype run decode photo.jpg ! encode photo.calo quality=75\n"
                       "  calotype run --check 'decode photo.calo region=0,0,64,64 ! encode corner.png'",
                       options,
                       run};
