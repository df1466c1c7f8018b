#include "tools/catalog/answer_format.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/providers/wire_json.h"
#include "tools/schema/authors_order.h"
#include "tools/schema/schema_rules.h"
#include "tools/schema/wire_schema.h"

namespace weir {
namespace {

using nlohmann::json;

// Models wrap what they were asked for into a fence of Markdown now and then, where nothing holds them to JSON.
std::string_view without_fence(std::string_view text) {
  const auto trim = [&] {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\n' || text.front() == '\r'))
      text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  };
  trim();
  if (!text.starts_with("```") || !text.ends_with("```") || text.size() < 6) return text;
  text.remove_suffix(3);
  const auto line_end = text.find('\n');
  text.remove_prefix(line_end == text.npos ? 3 : line_end + 1);
  trim();
  return text;
}

SchemaDialect dialect_of(const ModelSettings& model) {
  if (model.facts.structured_output != StructuredOutput::native) return SchemaDialect::plain;
  if (model.provider == "openai" || model.provider == "openrouter") return SchemaDialect::openai_strict;
  if (model.provider == "anthropic") return SchemaDialect::anthropic;
  return model.provider == "google" ? SchemaDialect::google : SchemaDialect::plain;
}

// What the schema adds to a prompt, as it goes over the wire; a tool that is forced is told of with some words more.
constexpr std::int64_t kTokensAround = 40;

}  // namespace

tl::expected<std::shared_ptr<const AnswerFormat>, std::vector<std::string>> answer_format(const ToolSettings& tool,
                                                                                          const ModelSettings& model) {
  const auto schema = parse_wire_json(tool.output_schema);
  if (!schema) return tl::unexpected(std::vector<std::string>{"it is not JSON, or has too many levels or values"});
  auto rules = SchemaRules::compile(*schema);
  if (!rules) return tl::unexpected(std::move(rules.error()));
  if (text_of(member(*schema, "type")) != "object")
    return tl::unexpected(std::vector<std::string>{"its root must be an object: type = \"object\", with properties"});
  auto wire = wire_schema(*schema, dialect_of(model));
  if (!wire)
    return tl::unexpected(std::vector<std::string>{fmt::format(
        "{}; structured_output = \"none\" in [models.{}] would ask for it in words", wire.error(), model.alias)});
  AnswerFormat format;
  format.name = tool.name;
  format.wire = std::make_shared<const nlohmann::ordered_json>(
      in_authors_order(*wire->value, nlohmann::ordered_json::parse(tool.output_schema, nullptr, false)));
  format.schema = tool.output_schema;
  format.tokens = estimate_tokens(format.wire->dump()) + kTokensAround;
  format.read = [rules = *rules, wire = *wire](std::string_view answer) -> tl::expected<std::string, std::string> {
    const auto value = parse_wire_json(without_fence(answer));
    if (!value) return tl::unexpected(std::string("it is not JSON"));
    const json meant = unwire(wire, *rules, *value);
    std::string wrong;
    for (const Violation& violation : rules->check(meant)) wrong += (wrong.empty() ? "" : "; ") + text(violation);
    if (!wrong.empty()) return tl::unexpected(std::move(wrong));
    return meant.dump();
  };
  return std::make_shared<const AnswerFormat>(std::move(format));
}

}  // namespace weir
