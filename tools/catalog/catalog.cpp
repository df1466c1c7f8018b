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
#include "tools/catalog/schema.h"
#include "tools/catalog/template.h"

namespace weir {
namespace {

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
  // One text of a tool, and where it stands in the file.
  struct Source {
    const char* key;
    const std::string& text;
    int line;
  };

  void add(const ToolSettings& tool) {
    const std::size_t mistakes_before = check_.mistakes.size();
    const auto model = config_.models.find(tool.model);
    if (model == config_.models.end()) {
      std::vector<std::string> aliases;
      for (const auto& [alias, settings] : config_.models) aliases.push_back(alias);
      mistake(tool, tool.line,
              fmt::format("no model named {}{}", in_quotes(tool.model), suggestion(tool.model, aliases)));
    }
    const Source system{"system", tool.system, tool.system_line}, prompt{"prompt", tool.prompt, tool.prompt_line};
    const Templates templates{parse(tool, system), parse(tool, prompt)};
    check_names(tool, system, templates.system);
    check_names(tool, prompt, templates.prompt);
    if (templates.system && templates.prompt) check_inputs_are_used(tool, templates);
    check_patterns(tool);
    if (check_.mistakes.size() > mistakes_before) return;

    for (const Finding& found : check_reasoning(tool, model->second)) mistake(tool, found.line, found.what);
    const auto format = format_of(tool, model->second);
    if (check_.mistakes.size() > mistakes_before) return;

    bool fits = true;
    std::optional<Estimate> least;
    for (const ProfileSettings& profile : profiles_of(tool, model->second)) {
      const Asked asked{tool, templates, model->second, profile, format};
      BudgetFindings findings = check_budget(asked, config_.server.body_bytes_max);
      for (auto& found : findings.mistakes)
        check_.mistakes.push_back({config_.file, found.line, std::move(found.what)});
      for (auto& found : findings.warnings)
        check_.warnings.push_back({config_.file, found.line, std::move(found.what)});
      fits = fits && findings.mistakes.empty();
      if (!least || findings.least.output_tokens < least->output_tokens) least = findings.least;
    }
    if (!fits) return;
    smallest_.push_back({tool.name, tool.model, *least});
    tools_.emplace(tool.name, Tool(tool, shared(model->second), templates.system, templates.prompt, format));
  }

  std::shared_ptr<const AnswerFormat> format_of(const ToolSettings& tool, const ModelSettings& model) {
    if (tool.output_schema.empty()) return nullptr;
    auto format = answer_format(tool, model);
    if (format) return *format;
    for (const std::string& what : format.error()) mistake(tool, tool.schema_line, "output_schema: " + what);
    return nullptr;
  }

  std::shared_ptr<const Template> parse(const ToolSettings& tool, const Source& source) {
    auto parsed = Template::parse(source.text);
    if (parsed) return *parsed;
    mistake(tool, source.line, place(source, parsed.error().line) + ": " + parsed.error().what);
    return nullptr;
  }

  void check_names(const ToolSettings& tool, const Source& source, const std::shared_ptr<const Template>& text) {
    if (!text) return;
    std::vector<std::string> names;
    for (const InputSettings& input : tool.inputs) names.push_back(input.name);
    for (const Template::Tag& tag : text->tags()) {
      const auto input = std::find(names.begin(), names.end(), tag.name);
      if (input == names.end()) {
        mistake(tool, source.line, place(source, tag.line) + ": " + unknown_name(tag.name, names));
        continue;
      }
      const InputType type = tool.inputs[static_cast<std::size_t>(input - names.begin())].type;
      if (tag.section && (type == InputType::integer || type == InputType::number)) {
        mistake(tool, source.line,
                fmt::format("{}: a section depends on {}, which is {}; it must be a boolean or a string",
                            place(source, tag.line), in_quotes(tag.name), type_name_with_article(type)));
      }
    }
  }

  static std::string unknown_name(const std::string& name, const std::vector<std::string>& names) {
    const bool plain = !name.empty() && name.find_first_of(" \t\r\n|()[]{}<>'\"") == name.npos && name != ".";
    if (!plain) return fmt::format("{} is not a name; a tag holds an input's name and nothing else", in_quotes(name));
    if (names.empty())
      return fmt::format("no input named {}; the tool declares none: add input.{} = {{ type = \"string\" }}",
                         in_quotes(name), name);
    return fmt::format("no input named {}{}", in_quotes(name), suggestion(name, names));
  }

  void check_inputs_are_used(const ToolSettings& tool, const Templates& templates) {
    for (const InputSettings& input : tool.inputs) {
      const auto names_it = [&](const Template::Tag& tag) { return tag.name == input.name; };
      const auto uses = [&](const Template& text) {
        return std::any_of(text.tags().begin(), text.tags().end(), names_it);
      };
      if (uses(*templates.system) || uses(*templates.prompt)) continue;
      input_mistake(tool, input,
                    fmt::format("no text uses it; write {{{{{}}}}} in the prompt, or remove it", input.name));
    }
  }

  void check_patterns(const ToolSettings& tool) {
    for (const InputSettings& input : tool.inputs) {
      const auto wrong = pattern_mistake(input.pattern);
      if (!wrong) continue;
      input_mistake(tool, input, fmt::format("pattern {} is not RE2 syntax: {}", in_quotes(input.pattern), *wrong));
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

Tool::Tool(ToolSettings settings, std::shared_ptr<const Model> model, std::shared_ptr<const Template> system,
           std::shared_ptr<const Template> prompt, std::shared_ptr<const AnswerFormat> format)
    : settings_(std::move(settings)),
      model_(std::move(model)),
      system_(std::move(system)),
      prompt_(std::move(prompt)),
      format_(std::move(format)),
      stable_system_(is_worth_caching(model_->settings, *system_)) {
  for (const ProfileSettings& profile : profiles_of(settings_, model_->settings))
    profiles_.emplace(settings_.profiles.size() > 1 ? profile.name : std::string(), profile);
  const std::vector<InputSettings> inputs = all_inputs(settings_);
  rules_ = std::make_shared<const ArgumentRules>(inputs);
  input_schema_ = std::make_shared<const nlohmann::json>(weir::input_schema(inputs));
  output_schema_ = std::make_shared<const nlohmann::json>(format_ ? nlohmann::json::parse(settings_.output_schema)
                                                                  : map_output_schema());
}

Result<Prompt> Tool::fill(const nlohmann::json& arguments) const {
  const auto values = rules_->read(arguments);
  if (!values) return tl::unexpected(values.error());
  auto system = system_->render(*values);
  if (!system) return tl::unexpected(std::move(system.error()));
  auto user = prompt_->render(*values, Template::kRenderedBytesMax - system->size());
  if (!user) return tl::unexpected(std::move(user.error()));
  if (format_ && model_->settings.facts.structured_output == StructuredOutput::none)
    *system += fmt::format("{}Answer with JSON that fits this JSON Schema, and with nothing else: {}",
                           system->empty() ? "" : "\n\n", format_->wire->dump());
  const auto chosen = values->find(kProfileInput);
  const bool may_choose = settings_.profiles.size() > 1 && chosen != values->end();
  return Prompt{.system = std::move(*system),
                .user = std::move(*user),
                .max_output_tokens = settings_.max_output_tokens,
                .profile = profiles_.at(may_choose ? std::get<std::string>(chosen->second) : std::string()),
                .format = format_,
                .temperature = settings_.temperature,
                .stable_system = stable_system_};
}

const Tool* Catalog::find(std::string_view name) const {
  const auto found = tools_.find(name);
  return found == tools_.end() ? nullptr : &found->second;
}

CatalogCheck build_catalog(const Config& config, const std::function<GroupId(const GroupOptions&)>& group_of) {
  return Builder(config, group_of).build();
}

}  // namespace weir
