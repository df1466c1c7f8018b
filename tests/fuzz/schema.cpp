// A schema and a value → compiled, checked, and written in each provider's words: within bounds, and saying what is
// wrong. Shape:   the schema, a line feed, the value; without one, the schema is checked against itself.
#include <nlohmann/json.hpp>

#include "tests/fuzz/fuzz.h"
#include "tools/schema/schema_rules.h"
#include "tools/schema/wire_schema.h"

using namespace weir;
using nlohmann::json;

namespace {

void check_wire(const json& schema, const SchemaRules& rules, const json& value) {
  for (const auto dialect :
       {SchemaDialect::openai_strict, SchemaDialect::anthropic, SchemaDialect::google, SchemaDialect::plain}) {
    const auto wire = wire_schema(schema, dialect);
    if (!wire) {
      fuzz::claim(!wire.error().empty() && dialect != SchemaDialect::plain, "a refusal has a reason");
      continue;
    }
    fuzz::claim(wire->value != nullptr, "there is something to send");
    const json answer = wire->wrapped ? json{{"answer", value}} : value;
    const bool same = unwire(*wire, rules, answer) == rules.without_absent(value);
    const bool inside = value.is_object() && value.contains("answer");  // may itself be taken for a wrapper
    fuzz::claim(same || inside, "what is wrapped is unwrapped");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto input = fuzz::text_of(bytes, size);
  const auto end = input.find('\n');
  const auto schema = json::parse(input.substr(0, end), nullptr, false);
  const auto value = end == input.npos ? schema : json::parse(input.substr(end + 1), nullptr, false);
  if (schema.is_discarded() || value.is_discarded()) return 0;
  const SchemaOptions options{.assert_formats = true, .steps_max = 20'000};
  const auto rules = SchemaRules::compile(schema, options);
  if (!rules) {
    fuzz::claim(!rules.error().empty() && rules.error().size() <= SchemaRules::kMistakesMax + 1,
                "mistakes are counted");
    for (const auto& mistake : rules.error()) fuzz::claim(mistake.starts_with('#'), "a mistake has its place");
    return 0;
  }
  const auto violations = (*rules)->check(value);
  fuzz::claim(violations.size() <= SchemaRules::kViolationsMax, "violations are bounded");
  const bool bounded = !violations.empty() && (violations.back().rule == "work" || violations.back().rule == "depth");
  fuzz::claim(bounded || violations.empty() == (*rules)->holds(value), "both ways to check agree");
  for (const auto& each : violations)
    fuzz::claim(!each.rule.empty() && !each.message.empty() && text(each).size() < 8192, "a violation says which rule");
  check_wire(schema, **rules, value);
  return 0;
}
