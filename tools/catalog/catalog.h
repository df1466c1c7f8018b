// The catalog: the configured tools, checked and ready to be called. Immutable, ordered by name, swapped whole.
// Shape:   Tool{name, title, description, input_schema, model, ...}; arguments come in as JSON, a Prompt comes out. One
//          with several profiles has an argument of that name beside those that it declares.
// Errors:  build_catalog() reports every mistake at once, with file and line, as load_config() does; fill() answers
//          bad_input with the path and the rule in the message ("arguments.sentences: 0 is below the minimum of 1").
// Threads: immutable after building; any thread may read.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/result.h"
#include "tools/model.h"

namespace weir {

class ArgumentRules;  // arguments.h: the declared inputs, compiled once
class Template;       // template.h: a mustache text, compiled once

class Tool {
 public:
  // The settings are as build_catalog() checked them; neither template is null.
  // `format` is null for a tool that answers with text.
  Tool(ToolSettings settings, std::shared_ptr<const Model> model, std::shared_ptr<const Template> system,
       std::shared_ptr<const Template> prompt, std::shared_ptr<const AnswerFormat> format);
  const ToolSettings& settings() const { return settings_; }
  const std::shared_ptr<const Model>& model() const { return model_; }
  const nlohmann::json& input_schema() const { return *input_schema_; }    // JSON Schema 2020-12, flat object
  const nlohmann::json& output_schema() const { return *output_schema_; }  // of structuredContent
  bool answers_json() const { return format_ != nullptr; }                 // that fits the output schema
  // Validates the arguments against the declared inputs, fills in defaults, renders the prompts.
  Result<Prompt> fill(const nlohmann::json& arguments) const;

 private:
  ToolSettings settings_;
  std::shared_ptr<const Model> model_;
  std::shared_ptr<const Template> system_, prompt_;
  std::shared_ptr<const AnswerFormat> format_;
  std::map<std::string, ProfileSettings, std::less<>> profiles_;  // that a caller may choose; one by "" if he may not
  bool stable_system_ = false;
  std::shared_ptr<const ArgumentRules> rules_;
  std::shared_ptr<const nlohmann::json> input_schema_, output_schema_;
};

class Catalog {
 public:
  explicit Catalog(std::map<std::string, Tool, std::less<>> tools) : tools_(std::move(tools)) {}
  const std::map<std::string, Tool, std::less<>>& tools() const { return tools_; }
  const Tool* find(std::string_view name) const;

 private:
  std::map<std::string, Tool, std::less<>> tools_;
};

struct CatalogCheck {
  std::shared_ptr<const Catalog> catalog;  // null when there are mistakes
  std::vector<Mistake> mistakes;           // ordered by line
  std::vector<Mistake> warnings;           // e.g. a rate that a budget defeats
};

// `group_of` gives each model its limit group (main: Gate::group; `weir check`: anything).
CatalogCheck build_catalog(const Config& config, const std::function<GroupId(const GroupOptions&)>& group_of);

}  // namespace weir
