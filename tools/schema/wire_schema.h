// One JSON Schema, in the words of each provider's structured output, and the way back.
// Shape:   wire_schema(schema, dialect) → what is sent. What the provider cannot express is left out, named in
//          `dropped` ("#/properties/a/maxLength") and, when short, written into the description for the model to read;
//          our own check of the answer is against the original schema, always. A $ref leads to $defs and has nothing
//          beside it; allOf is merged; oneOf is anyOf; titles and descriptions stay; defaults and examples go.
//          openai_strict: all properties are required, the optional ones may be null; objects are closed; tuples are
//          lists of any of their items; patterns, formats it knows, limits of numbers and items stay.
//          anthropic: objects are closed; no limits but the formats it knows and minItems 0 or 1; no recursion.
//          google: responseJsonSchema, where const is a one-value enum; in a circle of references, the properties that
//          lead around it are optional.
//          plain: the schema as it is, for servers that take any, and as a fallback without "strict".
//          A root that is no object is wrapped for the first two, {"answer": ...}; unwire() unwraps.
// Errors:  one sentence: the schema's own first mistake; what has no form there (a value of any type, an object of free
//          names: openai_strict, anthropic); recursion (anthropic); too much of something, with the provider's limit.
// Bounds:  100,000 schemas written or merged: allOf cannot blow up.
// Threads: functions of values.      Source: PROVIDERS §1, §4, §5.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "tools/schema/schema_rules.h"

namespace weir {

enum class SchemaDialect { openai_strict, anthropic, google, plain };

struct WireSchema {
  std::shared_ptr<const nlohmann::json> value{};  // never nullptr
  std::vector<std::string> dropped{};             // in the order of the schema; places in the original
  bool wrapped = false;                           // the answer is the member "answer" of an object
};

tl::expected<WireSchema, std::string> wire_schema(const nlohmann::json& schema, SchemaDialect dialect);

// What was answered, as the original schema (whose rules are given) means it: unwrapped, and without the nulls that
// stand for absent optional properties. Then rules.check() it.
nlohmann::json unwire(const WireSchema& wire, const SchemaRules& rules, const nlohmann::json& answer);

}  // namespace weir
