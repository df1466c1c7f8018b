#include "tools/catalog/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "config/mistakes.h"
#include "tools/catalog/answer_format.h"
#include "tools/catalog/arguments.h"
#include "tools/catalog/budget.h"
#include "tools/catalog/reasoning.h"
#include "tools/catalog/recipes.h"
#include "tools/catalog/results.h"
#include "tools/catalog/tags.h"
#include "tools/catalog/template.h"
#include "tools/operators/http_request.h"
#include "tools/operators/odds.h"

namespace weir {
namespace {

using nlohmann::json;

// Builds one tool after the other; each says all that is wrong with it.
class Builder {
 public:
  Builder(const Config& config, const std::function<GroupId(const GroupOptions&)>& group_of)
      : config_(config), group_of_(group_of) {}

  CatalogCheck build() {
    for (const auto& [name, tool] : config_.tools) add(tool);
    for (auto& found : check_client_budgets(config_, smallest_))
      check_.warnings.push_back({config_.file, found.line, std::move(found.what)});
    const auto by_line = [](const Mistake& a, const Mistake& b) { return a.line < b.line; };
    std::stable_sort(check_.mistakes.begin(), check_.mistakes.end(), by_line);
    std::stable_sort(check_.warnings.begin(), check_.warnings.end(), by_line);
    if (check_.mistakes.empty()) check_.catalog = std::make_shared<const Catalog>(std::move(tools_));
    return std::move(check_);
  }

 private:
  using Names = Template::Names;

  // One text of a tool, and where it stands in the file.
  struct Source {
    const char* key;
    const std::string& text;
    int line;
  };

  void add(const ToolSettings& stated) {
    if (stated.kind == "http") return add_http(stated);
    const std::size_t mistakes_before = check_.mistakes.size();
    const auto model = config_.models.find(stated.model);
    if (model == config_.models.end()) {
      std::vector<std::string> aliases;
      for (const auto& [alias, settings] : config_.models) aliases.push_back(alias);
      mistake(stated, stated.line,
              fmt::format("no model named {}{}", in_quotes(stated.model), suggestion(stated.model, aliases)));
    }
    const ToolSettings tool = recipe(stated, model == config_.models.end() ? ModelFacts{} : model->second.facts);
    check_list(tool);
    const auto rules = rules_of(tool);
    const Source system{"system", tool.system, tool.system_line}, prompt{"prompt", tool.prompt, tool.prompt_line};
    const Templates templates{parse(tool, system), parse(tool, prompt)};
    if (rules) {
      const Names in_system = check_names(tool, system, templates.system, *rules);
      const Names in_prompt = check_names(tool, prompt, templates.prompt, *rules);
      if (templates.system && templates.prompt) check_inputs_are_used(tool, in_system, in_prompt, *rules);
    }
    if (check_.mistakes.size() > mistakes_before) return;

    check_model(tool, model->second);
    const auto format = format_of(tool, model->second);
    const auto shots = shots_of(tool, *rules, *templates.prompt, format.get());
    if (check_.mistakes.size() > mistakes_before) return;

    if (tool.kind != "embed" && !fits(tool, templates, model->second, format, shots)) return;
    tools_.emplace(tool.name, Tool({.settings = tool,
                                    .model = shared(model->second),
                                    .system = templates.system,
                                    .prompt = templates.prompt,
                                    .format = format,
                                    .rules = rules,
                                    .shots = shots}));
  }

  void add_http(const ToolSettings& tool) {
    const std::size_t mistakes_before = check_.mistakes.size();
    check_list(tool);
    const auto rules = rules_of(tool);
    auto http = HttpTool::compile(tool.http);
    if (!http)
      for (const std::string& what : http.error()) mistake(tool, tool.http.line, what);
    if (http && rules) {
      Names used;
      for (const HttpTool::Part& part : (*http)->parts())
        used.merge(check_names(tool, {part.key.c_str(), part.key, tool.http.line}, part.text, *rules));
      check_inputs_are_used(tool, used, {}, *rules);
    }
    if (check_.mistakes.size() > mistakes_before) return;
    tools_.emplace(tool.name, Tool({.settings = tool, .rules = rules, .http = *http}));
  }

  // Whether calls of it are ever admitted.
  bool fits(const ToolSettings& tool, const Templates& templates, const ModelSettings& model,
            const std::shared_ptr<const AnswerFormat>& format, const std::shared_ptr<const std::vector<Shot>>& shots) {
    bool fits = true;
    std::optional<Estimate> least;
    for (const ProfileSettings& profile : profiles_of(tool, model)) {
      const Asked asked{tool, templates, model, profile, format, shots};
      BudgetFindings findings = check_budget(asked, config_.server.body_bytes_max);
      for (auto& found : findings.mistakes)
        check_.mistakes.push_back({config_.file, found.line, std::move(found.what)});
      for (auto& found : findings.warnings)
        check_.warnings.push_back({config_.file, found.line, std::move(found.what)});
      fits = fits && findings.mistakes.empty();
      if (!least || findings.least.output_tokens < least->output_tokens) least = findings.least;
    }
    if (fits) smallest_.push_back({tool.name, tool.model, *least});
    return fits;
  }

  void check_list(const ToolSettings& tool) {
    if (tool.list.empty()) return;
    const std::string many = tool.list + "s";
    bool found = !tool.input_schema.empty();
    for (const InputSettings& input : tool.inputs) {
      if (input.name == many)
        mistake(
            tool, input.line,
            fmt::format("input {} has the name of the list of {}; rename it", in_quotes(many), in_quotes(tool.list)));
      if (input.name != tool.list) continue;
      found = true;
      if (input.type != InputType::string && tool.kind != "map" && tool.kind != "http")
        mistake(tool, input.line, fmt::format("input {} must be a string: it is the text", in_quotes(tool.list)));
    }
    if (!found) mistake(tool, tool.line, fmt::format("list names no input: {}", in_quotes(tool.list)));
  }

  // What the model can do for the tool at all.
  void check_model(const ToolSettings& tool, const ModelSettings& model) {
    if (tool.kind == "embed") {
      if (model.facts.kind == ModelKind::embedding) return;
      mistake(tool, tool.line,
              fmt::format("model {} answers prompts, and embeds no texts; name a model such as text-embedding-3-small, "
                          "or state kind = \"embedding\" in [models.{}]",
                          in_quotes(tool.model), tool.model));
      return;
    }
    for (const Finding& found : check_reasoning(tool, model)) mistake(tool, found.line, found.what);
  }

  // The examples as turns of a conversation: checked as calls and answers are.
  std::shared_ptr<const std::vector<Shot>> shots_of(const ToolSettings& tool, const ArgumentRules& rules,
                                                    const Template& prompt, const AnswerFormat* format) {
    if (tool.examples.empty()) return nullptr;
    std::vector<Shot> shots;
    for (std::size_t i = 0; i < tool.examples.size(); ++i) {
      const ExampleSettings& example = tool.examples[i];
      const auto wrong = [&](const char* part, const std::string& what) {
        mistake(tool, example.line, fmt::format("example {}: {}: {}", i + 1, part, what));
      };
      const json input = json::parse(example.input, nullptr, false);
      if (!input.is_object()) {
        wrong("input", "it is no JSON object");
        continue;
      }
      const auto values = rules.read(input);
      if (!values) {
        wrong("input", values.error().message);
        continue;
      }
      auto user = prompt.render(*values);
      if (!user) {
        wrong("input", user.error().message);
        continue;
      }
      auto answer = example_answer(tool, example.output, format);
      if (!answer)
        wrong("output", answer.error());
      else if (answer->empty() || user->empty())
        wrong(answer->empty() ? "output" : "input", "it is empty");
      else
        shots.push_back({std::move(*user), std::move(*answer)});
    }
    return std::make_shared<const std::vector<Shot>>(std::move(shots));
  }

  // As the model would give it. Of kinds that answer with one value, that value alone may be written.
  static tl::expected<std::string, std::string> example_answer(const ToolSettings& tool, const std::string& output,
                                                               const AnswerFormat* format) {
    if (!format) {
      if (tool.kind != "judge") return output;
      const auto& labels = tool.of_kind.labels;
      for (std::size_t i = 0; i < labels.size(); ++i)
        if (labels[i].name == output) return std::string(1, letter_of(i));
      return tl::unexpected(fmt::format("no answer named {}", in_quotes(output)));
    }
    const char* only = tool.kind == "classify"    ? (tool.of_kind.multiple ? "labels" : "label")
                       : tool.kind == "predicate" ? "answer"
                       : tool.kind == "sentiment" ? "sentiment"
                                                  : nullptr;
    auto whole = format->read(output);
    if (whole || only == nullptr) return whole;
    json value = json::parse(output, nullptr, false);
    if (value.is_discarded()) value = output;
    return format->read(json{{only, value}}.dump());
  }

  std::shared_ptr<const AnswerFormat> format_of(const ToolSettings& tool, const ModelSettings& model) {
    if (tool.output_schema.empty()) return nullptr;
    auto format = answer_format(tool, model);
    if (format) return *format;
    for (const std::string& what : format.error()) mistake(tool, tool.schema_line, "output_schema: " + what);
    return nullptr;
  }

  std::shared_ptr<const Template> parse(const ToolSettings& tool, const Source& source) {
    Names fenced;
    for (const InputSettings& input : tool.inputs)
      if (input.fenced) fenced.insert(input.name);
    auto parsed = Template::parse(source.text, fenced);
    if (parsed) return *parsed;
    mistake(tool, source.line, place(source, parsed.error().line) + ": " + parsed.error().what);
    return nullptr;
  }

  std::shared_ptr<const ArgumentRules> rules_of(const ToolSettings& tool) {
    auto rules = argument_rules(tool);
    if (rules) return *rules;
    for (const InputSettings& input : tool.inputs)
      if (const auto wrong = pattern_mistake(input.pattern))
        input_mistake(tool, input, fmt::format("pattern {} is not RE2 syntax: {}", in_quotes(input.pattern), *wrong));
    for (const std::string& what : tool.input_schema.empty() ? std::vector<std::string>() : rules.error())
      mistake(tool, tool.input_schema_line, "input_schema: " + what);
    return nullptr;
  }

  // The arguments that the text uses.
  Names check_names(const ToolSettings& tool, const Source& source, const std::shared_ptr<const Template>& text,
                    const ArgumentRules& rules) {
    if (!text) return {};
    TagCheck found = check_tags(*text, rules.schema());
    for (const TemplateMistake& each : found.mistakes)
      mistake(tool, source.line, place(source, each.line) + ": " + each.what);
    return std::move(found.used);
  }

  void check_inputs_are_used(const ToolSettings& tool, const Names& in_system, const Names& in_prompt,
                             const ArgumentRules& rules) {
    const auto is_used = [&](const std::string& name) { return in_system.contains(name) || in_prompt.contains(name); };
    for (const InputSettings& input : tool.inputs) {
      if (is_used(input.name)) continue;
      input_mistake(tool, input,
                    fmt::format("no text uses it; write {{{{{}}}}} in the prompt, or remove it", input.name));
    }
    if (tool.input_schema.empty()) return;
    // Where the schema is another program's, its author may not be the one to take it out.
    for (const auto& [name, property] : rules.schema().at("properties").items()) {
      if (is_used(name) || name == kProfileInput) continue;
      check_.warnings.push_back(
          {config_.file, tool.input_schema_line,
           fmt::format("tool {}: no text uses the argument {}; write {{{{{}}}}} in the prompt, or take it out of "
                       "input_schema",
                       in_quotes(tool.name), in_quotes(name), name)});
    }
  }

  std::shared_ptr<const Model> shared(const ModelSettings& settings) {
    auto& model = models_[settings.alias];
    if (model) return model;
    std::vector<std::shared_ptr<const Model>> accounts;
    for (ModelSettings& account : accounts_of(settings)) {
      const GroupId group = group_of_(limit_group(account));
      accounts.push_back(std::make_shared<const Model>(Model{std::move(account), group}));
    }
    Model first = *accounts.front();
    first.spares.assign(accounts.begin() + 1, accounts.end());
    model = std::make_shared<const Model>(std::move(first));
    return model;
  }

  // Which line of the text; the file's line is where the text begins, and TOML tells no more.
  static std::string place(const Source& source, int line) {
    const bool one_line = source.text.find('\n') == std::string::npos;
    return one_line ? source.key : fmt::format("line {} of {}", line, source.key);
  }

  void mistake(const ToolSettings& tool, int line, const std::string& what) {
    check_.mistakes.push_back(
        {config_.file, line > 0 ? line : tool.line, fmt::format("tool {}: {}", in_quotes(tool.name), what)});
  }

  void input_mistake(const ToolSettings& tool, const InputSettings& input, const std::string& what) {
    check_.mistakes.push_back(
        {config_.file, input.line > 0 ? input.line : tool.line,
         fmt::format("tool {}, input {}: {}", in_quotes(tool.name), in_quotes(input.name), what)});
  }

  const Config& config_;
  const std::function<GroupId(const GroupOptions&)>& group_of_;
  std::map<std::string, std::shared_ptr<const Model>> models_;  // one for each alias in use
  std::map<std::string, Tool, std::less<>> tools_;
  std::vector<Smallest> smallest_;
  CatalogCheck check_;
};

}  // namespace

const Tool* Catalog::find(std::string_view name) const {
  const auto found = tools_.find(name);
  return found == tools_.end() ? nullptr : &found->second;
}

CatalogCheck build_catalog(const Config& config, const std::function<GroupId(const GroupOptions&)>& group_of) {
  return Builder(config, group_of).build();
}

}  // namespace weir
