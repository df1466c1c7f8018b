// The catalog: the configured tools, checked and ready to be called. Immutable, ordered by name, swapped whole.
// Shape:   Tool{name, title, description, input_schema, model, ...}; arguments come in as JSON, an Work of rows comes
//          out, each of which a Prompt is made of. A tool with several profiles has an argument of that name beside
//          those that it declares; one that takes lists has another for the list: `texts` beside `text`.
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
#include "tools/catalog/values.h"
#include "tools/model.h"

namespace weir {

class ArgumentRules;  // arguments.h: the declared inputs, compiled once
class Template;       // template.h: a mustache text, compiled once
class HttpTool;       // operators/http_request.h

// What one call asks for: its arguments, checked.
struct Work {
  std::vector<Result<Values>> rows{};  // one, or those of a list; one that cannot be asked has the reason
  bool list = false;
  Prompt base{};  // of reduce: the prompt without documents
};

// What a tool is made of, as build_catalog() checked it.
struct ToolParts {
  ToolSettings settings{};               // as recipe() wrote them
  std::shared_ptr<const Model> model{};  // null: it asks none (http)
  std::shared_ptr<const Template> system{}, prompt{};
  std::shared_ptr<const AnswerFormat> format{};      // null for a tool that answers with text
  std::shared_ptr<const ArgumentRules> rules{};      // of one row
  std::shared_ptr<const std::vector<Shot>> shots{};  // null = none
  std::shared_ptr<const HttpTool> http{};            // of kind http
};

class Tool {
 public:
  explicit Tool(ToolParts parts);
  const ToolSettings& settings() const { return parts_.settings; }
  const std::shared_ptr<const Model>& model() const { return parts_.model; }  // null for kind http
  const std::string& model_alias() const { return parts_.settings.model; }    // empty for kind http
  const HttpTool* http() const { return parts_.http.get(); }                  // null for other kinds
  const nlohmann::json& input_schema() const { return *input_schema_; }       // JSON Schema 2020-12, flat object
  const nlohmann::json& output_schema() const { return *output_schema_; }     // of structuredContent
  bool answers_json() const { return parts_.format != nullptr; }              // that fits the output schema
  // Checks the arguments, row by row where there is a list, and fills in defaults.
  Result<Work> prepare(const nlohmann::json& arguments) const;
  // Renders the prompts.
  Result<Prompt> fill(const Values& row) const;
  // Both, for a call that is one row.
  Result<Prompt> fill(const nlohmann::json& arguments) const;

 private:
  Result<Work> prepare_list(const nlohmann::json& arguments) const;

  ToolParts parts_;
  std::map<std::string, ProfileSettings, std::less<>> profiles_;  // that a caller may choose; one by "" if he may not
  bool stable_system_ = false;
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
