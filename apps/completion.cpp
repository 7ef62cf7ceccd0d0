// SPDX-License-Identifier: Apache-2.0
#include <calotype/error.hpp>

#include "common/console.hpp"
#include "verbs.hpp"

using calotype::Error;
using calotype::ErrorCode;

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

/// For a single-quoted word of any of the three shells (fish needs the backslash doubled; none of the texts has one).
std::string quoted(std::string text, const std::string& quote_escape) {
  for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += quote_escape.size())
    text.replace(at, 1, quote_escape);
  return "'" + text + "'";
}

/// A verb whose plugin is not installed has none.
std::vector<Option> options_of(const Verb& verb) {
  try {
    return all_options(verb);
  } catch (const Error&) {
    return {};
  }
}

std::string verb_names() {
  std::vector<std::string> names;
  for (const Verb* verb : verbs()) names.push_back(verb->name);
  return joined(names);
}

void bash() {
  print("# Bash completion: source <(calotype completion bash)");
  print("_calotype() {\n  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n  COMPREPLY=()");
  print("  if ((COMP_CWORD == 1)); then\n    COMPREPLY=($(compgen -W '" + verb_names() +
        " --version --help' -- \"$word\"))\n    return\n  fi");
  print("  case ${COMP_WORDS[1]} in");
  for (const Verb* verb : verbs()) {
    std::vector<std::string> flags;
    std::string values;
    for (const Option& option : options_of(*verb)) {
      flags.push_back("--" + option.name);
      if (!option.choices.empty())
        values += "        --" + option.name + ") COMPREPLY=($(compgen -W '" + joined(option.choices) +
                  "' -- \"$word\")); return ;;\n";
    }
    print("    " + std::string(verb->name) + ")");
    if (verb->words)
      print("      if ((COMP_CWORD == 2)); then COMPREPLY=($(compgen -W '" + std::string(verb->words) +
            "' -- \"$word\")); fi");
    if (!values.empty()) print("      case $previous in\n" + values + "      esac");
    print("      [[ $word == -* ]] && COMPREPLY=($(compgen -W '" + joined(flags) + "' -- \"$word\"))");
    print("      ;;");
  }
  print("  esac\n}\ncomplete -o default -F _calotype calotype");
}

void zsh() {
  print("#compdef calotype\n# Zsh completion: calotype completion zsh > ~/.zfunc/_calotype, with ~/.zfunc in fpath");
  print("_calotype() {\n  local -a verbs\n  verbs=(");
  for (const Verb* verb : verbs()) print("    " + quoted(std::string(verb->name) + ":" + verb->summary, "'\\''"));
  print(
      "  )\n  if ((CURRENT == 2)); then\n    _describe verb verbs\n    return\n  fi\n  local verb=$words[2]\n  shift "
      "words\n  ((CURRENT--))\n  case $verb in");
  for (const Verb* verb : verbs()) {
    print("    " + std::string(verb->name) + ")\n      _arguments \\");
    for (const Option& option : options_of(*verb)) {
      std::string doc;
      for (const char c : option.doc)
        doc += c == '[' || c == ']' || c == ':' ? std::string("\\") + c : std::string(1, c);
      std::string spec = "--" + option.name + "[" + doc + "]";
      if (!option.argument.empty())
        spec += ":value:" + (option.choices.empty() ? "_files" : "(" + joined(option.choices) + ")");
      print("        " + quoted(spec, "'\\''") + " \\");
    }
    if (verb->words) print("        '1:what:(" + std::string(verb->words) + ")' \\");
    print("        '*:file:_files'\n      ;;");
  }
  print("  esac\n}\n_calotype \"$@\"");
}

void fish() {
  print("# Fish completion: calotype completion fish > ~/.config/fish/completions/calotype.fish");
  for (const Verb* verb : verbs())
    print("complete -c calotype -n __fish_use_subcommand -f -a " + std::string(verb->name) + " -d " +
          quoted(verb->summary, "\\'"));
  for (const Verb* verb : verbs()) {
    if (verb->words)
      print("complete -c calotype -n '__fish_seen_subcommand_from " + std::string(verb->name) + "' -a '" + verb->words +
            "'");
    for (const Option& option : options_of(*verb)) {
      std::string line =
          "complete -c calotype -n '__fish_seen_subcommand_from " + std::string(verb->name) + "' -l " + option.name;
      if (option.letter) line += std::string(" -s ") + option.letter;
      if (!option.choices.empty())
        line += " -x -a '" + joined(option.choices) + "'";
      else if (!option.argument.empty())
        line += " -r";
      print(line + " -d " + quoted(option.doc, "\\'"));
    }
  }
}

int run(const Arguments& arguments) {
  const std::string shell = arguments.operands().empty() ? "" : arguments.operands().front();
  if (shell == "bash")
    bash();
  else if (shell == "zsh")
    zsh();
  else if (shell == "fish")
    fish();
  else
    throw Error(ErrorCode::usage, "\"" + shell + "\" is no shell that completion knows", "say bash, zsh or fish");
  return 0;
}

}  // namespace

const Verb completion_verb = {"completion",
                              "bash|zsh|fish",
                              "Print a completion script for your shell.",
                              "  source <(calotype completion bash)\n"
                              "  calotype completion zsh > ~/.zfunc/_calotype\n"
                              "  calotype completion fish > ~/.config/fish/completions/calotype.fish",
                              [] { return std::vector<Option>(); },
                              run,
                              "bash zsh fish"};
