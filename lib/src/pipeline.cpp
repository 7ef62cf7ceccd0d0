// SPDX-License-Identifier: Apache-2.0
#include "calotype/pipeline.hpp"

#include <utility>

#include "calotype/backbone.hpp"
#include "calotype/codec.hpp"
#include "calotype/error.hpp"
#include "calotype/registry.hpp"
#include "guard.hpp"
#include "io_internal.hpp"
#include "pipeline_parse.hpp"

namespace calotype {
namespace {

struct Settings {
  Rules rules;
  bool overwrite = false;
};

/// A resolved stage: its element exists and its parameters are valid.
class Stage {
 public:
  virtual ~Stage() = default;
  /// What can change between runs without the pipeline's doing, such as files.
  virtual void check(const Settings&) const {}
  virtual Image run(Image image, const Settings& settings) = 0;
};

std::string take(RawParams& params, const std::string& name) {
  const auto entry = params.find(name);
  if (entry == params.end()) return {};
  std::string value = std::move(entry->second);
  params.erase(entry);
  return value;
}

void require_path(const StageText& text) {
  if (text.path.empty())
    throw Error(ErrorCode::usage, "no file is given", "write \"" + text.element + " FILE\"; \"-\" is a pipe");
}

/// The stage's name is in front of every message already, hence no name here.
Params validated(Kind kind, const std::string& name, const RawParams& raw) {
  return Params::validated(Registry::global().describe(kind, name).element.params, raw, {});
}

class DecodeStage : public Stage {
 public:
  explicit DecodeStage(const StageText& text) : path_(text.path), raw_(text.params) {
    require_path(text);
    const std::string format = take(raw_, "format");
    if (!format.empty()) {
      use(format, Registry::global().decoder(format));
      format_given_ = true;
    } else if (!raw_.empty() && !extension_of(path_).empty()) {
      // Only the content decides, but whoever gives parameters has a format in mind.
      std::string name;
      auto decoder = Registry::global().decoder_for({}, extension_of(path_), &name);
      use(name, std::move(decoder));
    }
  }

  Image run(Image, const Settings& settings) override {
    const Bytes bytes = read_file(path_, settings.rules);
    check_is_picture(bytes, path_);
    if (!format_given_) {
      std::string name;
      auto decoder = Registry::global().decoder_for(bytes, extension_of(path_), &name);
      if (name != name_) use(name, std::move(decoder));
    }
    return decode_with(*decoder_, bytes, decoder_params(name_, raw_, settings.rules, {}), settings.rules, path_,
                       nullptr);
  }

 private:
  void use(const std::string& name, std::unique_ptr<Decoder> decoder) {
    validated(Kind::decoder, name, raw_);  // the rules come later
    decoder_ = std::move(decoder);
    name_ = name;
  }

  std::string path_;
  RawParams raw_;
  bool format_given_ = false;
  std::string name_;
  std::unique_ptr<Decoder> decoder_;
};

class EncodeStage : public Stage {
 public:
  explicit EncodeStage(const StageText& text) : path_(text.path) {
    require_path(text);
    RawParams raw = text.params;
    std::string format = take(raw, "format");
    if (format.empty()) format = extension_of(path_);
    if (format.empty())
      throw Error(ErrorCode::usage, "the format of \"" + path_ + "\" is unknown", "add format=NAME or an extension");
    std::string name;
    encoder_ = Registry::global().encoder(format, &name);
    params_ = validated(Kind::encoder, name, raw);
  }

  void check(const Settings& settings) const override { check_writable(path_, settings.overwrite); }

  Image run(Image image, const Settings& settings) override {
    write_file(path_, encode_with(*encoder_, image, params_, settings.rules, path_, &image.lost), settings.overwrite);
    return image;
  }

 private:
  std::string path_;
  std::unique_ptr<Encoder> encoder_;
  Params params_;
};

class BackboneStage : public Stage {
 public:
  explicit BackboneStage(const StageText& text)
      : backbone_(Registry::global().backbone(text.element)),
        params_(validated(Kind::backbone, text.element, text.params)) {
    if (!text.path.empty())
      throw Error(ErrorCode::usage, "takes no file, got \"" + text.path + "\"",
                  "only decode and encode take one; parameters are key=value");
  }

  Image run(Image image, const Settings&) override { return backbone_->run(std::move(image), params_); }

 private:
  std::unique_ptr<Backbone> backbone_;
  Params params_;
};

std::unique_ptr<Stage> resolve(const StageText& text) {
  if (text.element == "decode") return std::make_unique<DecodeStage>(text);
  if (text.element == "encode") return std::make_unique<EncodeStage>(text);
  return std::make_unique<BackboneStage>(text);
}

}  // namespace

struct Pipeline::State {
  std::vector<StageText> texts;
  std::vector<std::unique_ptr<Stage>> stages;  // resolved once, kept between runs
  Settings settings;

  /// Calls f with the stage's place in front of any message.
  template <class F>
  auto at(std::size_t index, F&& f) {
    const auto who = [&] {
      return "pipeline stage " + std::to_string(index + 1) + " \"" + texts[index].element + "\"";
    };
    try {
      return f();
    } catch (const Error& e) {
      throw Error(e.code(), who() + ": " + e.what(), e.hint());
    } catch (...) {
      rethrow_as_error(who());
    }
  }

  void check() {
    if (texts.empty())
      throw Error(ErrorCode::usage, "the pipeline is empty", "write for example: decode in.jpg ! encode out.png");
    for (std::size_t i = stages.size(); i < texts.size(); ++i)
      at(i, [&] {
        if (i > 0 && texts[i].element == "decode")
          throw Error(ErrorCode::usage, "only the first stage can be decode", "run one pipeline for each input");
        stages.push_back(resolve(texts[i]));
      });
    for (std::size_t i = 0; i < stages.size(); ++i) at(i, [&] { stages[i]->check(settings); });
  }
};

Pipeline::Pipeline() : state_(std::make_unique<State>()) {}
Pipeline::Pipeline(Pipeline&&) noexcept = default;
Pipeline& Pipeline::operator=(Pipeline&&) noexcept = default;
Pipeline::~Pipeline() = default;

Pipeline Pipeline::parse(const std::string& text) {
  Pipeline pipeline;
  pipeline.state_->texts = parse_pipeline(text);
  return pipeline;
}

Pipeline Pipeline::parse(const std::vector<std::string>& arguments) {
  Pipeline pipeline;
  pipeline.state_->texts = parse_pipeline(arguments);
  return pipeline;
}

Pipeline& Pipeline::add(const std::string& element, const RawParams& params, const std::string& path) {
  state_->texts.push_back({element, path, params});
  return *this;
}

Pipeline& Pipeline::rules(const Rules& rules) {
  state_->settings.rules = rules;
  return *this;
}

Pipeline& Pipeline::overwrite(bool allowed) {
  state_->settings.overwrite = allowed;
  return *this;
}

void Pipeline::check() const { state_->check(); }

Image Pipeline::run(Image input) {
  State& state = *state_;
  state.check();
  if (input.empty() && state.texts[0].element != "decode")
    throw Error(ErrorCode::usage, "the pipeline has no input", "begin with \"decode FILE !\"");
  for (std::size_t i = 0; i < state.stages.size(); ++i)
    input = state.at(i, [&] { return state.stages[i]->run(std::move(input), state.settings); });
  return input;
}

}  // namespace calotype
