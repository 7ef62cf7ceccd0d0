// SPDX-License-Identifier: Apache-2.0
#include "pipeline_parse.hpp"

#include <cctype>

#include "calotype/error.hpp"

namespace calotype {
namespace {

/// A word of the pipeline; quoted characters have no meaning of their own.
struct Token {
  std::string text;
  bool separator = false;                  ///< a bare "!"
  std::size_t equals = std::string::npos;  ///< of the "=" after a key
};

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

bool is_key(const std::string& text) {
  return !text.empty() && text[0] >= 'a' && text[0] <= 'z' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
}

/// Splits text at spaces and takes quotes away.
class Lexer {
 public:
  explicit Lexer(const std::string& text) : text_(text) {}

  std::vector<Token> tokens() {
    std::vector<Token> out;
    for (;;) {
      while (at_ < text_.size() && is_space(text_[at_])) ++at_;
      if (at_ == text_.size()) return out;
      out.push_back(next());
    }
  }

 private:
  Token next() {
    Token token;
    const std::size_t begin = at_;
    while (at_ < text_.size() && !is_space(text_[at_])) {
      const char c = text_[at_];
      if (c == '\'' || c == '"') {
        quoted(token.text);
        continue;
      }
      const bool unquoted_so_far = at_ - begin == token.text.size();
      if (c == '=' && token.equals == std::string::npos && unquoted_so_far && is_key(token.text))
        token.equals = token.text.size();
      token.text += c;
      ++at_;
    }
    token.separator = token.text == "!" && at_ - begin == 1;
    return token;
  }

  void quoted(std::string& out) {
    const std::size_t begin = at_;
    const char quote = text_[at_++];
    for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
      const bool escape = quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size();
      if (escape) ++at_;
      out += text_[at_];
    }
    if (at_ == text_.size())
      throw Error(ErrorCode::usage,
                  "pipeline: the quote at character " + std::to_string(begin + 1) + " is never closed",
                  std::string("add a closing ") + quote);
    ++at_;
  }

  const std::string& text_;
  std::size_t at_ = 0;
};

std::vector<StageText> build(const std::vector<Token>& tokens) {
  std::vector<StageText> stages;
  const auto where = [&] {
    return "pipeline stage " + std::to_string(stages.size()) + " \"" + stages.back().element + "\": ";
  };
  bool begin_stage = true;
  for (const Token& token : tokens) {
    if (token.separator) {
      if (begin_stage)
        throw Error(ErrorCode::usage, "pipeline: stage " + std::to_string(stages.size() + 1) + " is empty",
                    "write one stage on each side of every \"!\"");
      begin_stage = true;
    } else if (begin_stage) {
      stages.push_back({token.text, {}, {}});
      begin_stage = false;
    } else if (token.equals != std::string::npos) {
      const std::string key = token.text.substr(0, token.equals);
      if (!stages.back().params.emplace(key, token.text.substr(token.equals + 1)).second)
        throw Error(ErrorCode::usage, where() + "parameter \"" + key + "\" is given twice", "remove one of them");
    } else if (!takes_path(stages.back().element)) {
      throw Error(ErrorCode::usage, where() + "takes no plain value, got \"" + token.text + "\"",
                  "write parameters as key=value, and \"!\" between stages");
    } else if (!stages.back().path.empty()) {
      throw Error(ErrorCode::usage,
                  where() + "takes one file, got \"" + stages.back().path + "\" and \"" + token.text + "\"",
                  "quote a name with spaces, and put \"!\" between stages");
    } else {
      stages.back().path = token.text;
    }
  }
  if (begin_stage)
    throw Error(ErrorCode::usage, stages.empty() ? "the pipeline is empty" : "the pipeline ends with \"!\"",
                "write for example: decode in.jpg ! encode out.png");
  return stages;
}

}  // namespace

bool takes_path(const std::string& element) { return element == "decode" || element == "encode"; }

std::vector<StageText> parse_pipeline(const std::string& text) { return build(Lexer(text).tokens()); }

std::vector<StageText> parse_pipeline(const std::vector<std::string>& arguments) {
  if (arguments.size() == 1) return parse_pipeline(arguments[0]);
  std::vector<Token> tokens;
  for (const std::string& argument : arguments) {
    Token token{argument, argument == "!", argument.find('=')};
    if (token.equals != std::string::npos && !is_key(argument.substr(0, token.equals)))
      token.equals = std::string::npos;
    tokens.push_back(token);
  }
  return build(tokens);
}

}  // namespace calotype
