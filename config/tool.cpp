#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/fields.h"
#include "config/json_text.h"
#include "config/secret_source.h"
#include "config/sections.h"

namespace weir {
namespace {

constexpr std::size_t kNameBytesMax = 40, kInputsMax = 100;
constexpr std::int64_t kOutputTokensMax = 10'000'000;
constexpr std::size_t kSchemaBytesMax = 256 << 10;

const std::vector<std::string>& own_tools() {
  static const std::vector<std::string> names = {"weir_estimate", "weir_limits", "weir_models"};
  return names;
}

bool is_tool_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == name.npos;
}

void read_model_name(Fields& fields, ToolSettings& tool, const ModelNames& names) {
  const Node* node = fields.find("model");
  if (node == nullptr) {
    tool.model = names.fallback;
    if (tool.model.empty() && !names.fallback_is_wrong && !names.declared.empty()) {
      fields.mistake(fields.table(), fmt::format("model is missing, and server.default_model is not set; known are {}",
                                                 listed(names.declared)));
    }
  } else if (fields.read("model", tool.model) && !names.declared.empty() &&
             std::find(names.declared.begin(), names.declared.end(), tool.model) == names.declared.end()) {
    fields.mistake(*node,
                   fmt::format("no model named {}{}", in_quotes(tool.model), suggestion(tool.model, names.declared)));
  }
}

// Whether the model has them is for whoever knows the model.
void read_profile_names(Fields& fields, ToolSettings& tool) {
  if (!fields.read("profiles", tool.profiles)) return;
  const Node& node = *fields.find("profiles");
  tool.profiles_line = node.line;
  if (tool.profiles.empty()) fields.mistake(node, "profiles is empty; name the model's profiles, or remove it");
  const std::set<std::string> different(tool.profiles.begin(), tool.profiles.end());
  if (different.size() < tool.profiles.size()) fields.mistake(node, "profiles names one twice");
}

// A table, which is JSON in TOML's clothes; or JSON as text; or "file:/path", a file of it.
void read_schema(Fields& fields, const std::string& key, std::string& to, int& line) {
  const Node* node = fields.find(key);
  if (node == nullptr) return;
  line = node->line;
  const bool is_file = node->kind == NodeKind::string && node->text.starts_with("file:");
  if (node->kind == NodeKind::table || is_file) {
    auto text = is_file ? text_of_file(node->text.substr(5), kSchemaBytesMax) : json_text(*node);
    if (text) to = std::move(*text);
    if (!text) fields.mistake(*node, key + ": " + text.error());
  } else if (node->kind == NodeKind::string && node->text.size() <= kSchemaBytesMax) {
    to = node->text;
  } else {
    fields.mistake(*node, key + " must be a table that holds a JSON Schema, or \"file:/path\" of one as JSON");
  }
}

void read_inputs(Fields& fields, ToolSettings& tool, Mistakes& mistakes) {
  const Node* inputs = fields.find("input", NodeKind::table);
  if (inputs == nullptr) return;
  if (inputs->members.size() > kInputsMax) {
    fields.mistake(inputs->members[kInputsMax].value,
                   fmt::format("{} inputs; at most {} are allowed", inputs->members.size(), kInputsMax));
    return;
  }
  for (const Entry& member : inputs->members) {
    if (member.value.kind == NodeKind::table) {
      tool.inputs.push_back(read_input(member, tool.name, mistakes));
    } else {
      fields.mistake(member.value, fmt::format("input {} must be a table such as {{ type = \"string\" }}, not {}",
                                               in_quotes(member.key), name_with_article(member.value.kind)));
    }
  }
  std::sort(tool.inputs.begin(), tool.inputs.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

}  // namespace

ToolSettings read_tool(const Entry& member, const ModelNames& names, const Environment& environment,
                       Mistakes& mistakes) {
  Fields fields(member.value, fmt::format("tool {}", in_quotes(member.key)), mistakes);
  ToolSettings tool;
  tool.name = member.key;
  tool.line = member.value.line;
  if (!is_tool_name(member.key)) {
    fields.mistake(member.value, "a tool's name must be 1 to 40 of a-z, 0-9 and \"_\"");
  } else if (const auto& own = own_tools(); std::find(own.begin(), own.end(), member.key) != own.end()) {
    fields.mistake(member.value, in_quotes(member.key) + " is a tool of Weir's own; choose another name");
  }
  fields.read("title", tool.title);
  fields.require_text("description", tool.description, "what the tool does, for the model that chooses among tools");
  read_kind(fields, tool);
  if (tool.kind == "http") {
    read_http_tool(fields, tool.http, environment, mistakes);
  } else {
    read_model_name(fields, tool, names);
  }
  if (fields.read("system", tool.system)) tool.system_line = fields.find("system")->line;
  if (tool.kind == "map" &&
      fields.require_text("prompt", tool.prompt, "the text to send, with {{name}} for each input")) {
    tool.prompt_line = fields.find("prompt")->line;
  }
  fields.read("max_output_tokens", tool.max_output_tokens, {1, kOutputTokensMax});
  if (fields.read("temperature", tool.temperature, {0, 2})) tool.temperature_line = fields.find("temperature")->line;
  read_profile_names(fields, tool);
  read_schema(fields, "output_schema", tool.output_schema, tool.schema_line);
  read_schema(fields, "input_schema", tool.input_schema, tool.input_schema_line);
  fields.read("as_prompt", tool.as_prompt);
  read_scopes(fields, "scopes", tool.scopes);
  fields.read("max_concurrency", tool.max_concurrency, {1, 100'000});
  read_priority(fields, tool.priority);
  fields.read("ledger_text", tool.ledger_text);
  if (tool.kind != "http") read_budget(fields, tool.budget);
  read_inputs(fields, tool, mistakes);
  if (!tool.input_schema.empty() && !tool.inputs.empty())
    fields.mistake(*fields.find("input_schema"), "input_schema and input.* both declare the arguments; keep one");
  fields.reject_unknown();
  return tool;
}

}  // namespace weir
