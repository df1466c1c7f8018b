#include "tools/catalog/schema.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace weir {
namespace {

using nlohmann::json;

InputSettings named(const std::string& name, InputType type) {
  InputSettings input;
  input.name = name;
  input.type = type;
  return input;
}

TEST_CASE("a tool without inputs takes the empty object only", "[schema]") {
  CHECK(input_schema({}) == json::parse(R"({"type":"object","properties":{},"additionalProperties":false})"));
}

TEST_CASE("each rule of an input stands in the schema", "[schema]") {
  InputSettings text = named("text", InputType::string);
  text.description = "The text.";
  text.min_length = 1;
  text.max_length = 100;
  text.pattern = "^a";
  InputSettings tone = named("tone", InputType::string);
  tone.one_of = {"formal", "casual"};
  tone.default_value = "formal";
  tone.required = false;
  InputSettings sentences = named("sentences", InputType::integer);
  sentences.minimum = 1;
  sentences.maximum = 20;
  sentences.default_value = std::int64_t{3};
  sentences.required = false;
  InputSettings weight = named("weight", InputType::number);
  weight.minimum = 0.5;
  InputSettings flag = named("flag", InputType::boolean);
  flag.default_value = false;
  flag.required = false;
  CHECK(input_schema({flag, sentences, text, tone, weight}) == json::parse(R"({
    "type": "object",
    "properties": {
      "flag": {"type": "boolean", "default": false},
      "sentences": {"type": "integer", "minimum": 1, "maximum": 20, "default": 3},
      "text": {"type": "string", "description": "The text.", "minLength": 1, "maxLength": 100, "pattern": "^a"},
      "tone": {"type": "string", "enum": ["formal", "casual"], "default": "formal"},
      "weight": {"type": "number", "minimum": 0.5}
    },
    "required": ["text", "weight"],
    "additionalProperties": false})"));
}

TEST_CASE("a bound that is a whole number is written as one", "[schema]") {
  InputSettings weight = named("weight", InputType::number);
  weight.minimum = -1;
  weight.maximum = 1e300;
  weight.default_value = 2.0;
  const json property = input_schema({weight})["properties"]["weight"];
  CHECK(property["minimum"].dump() == "-1");
  CHECK(property["default"].dump() == "2");
  CHECK(property["maximum"].dump() == "1e+300");
}

TEST_CASE("a map tool answers text, model, finish and truncated", "[schema]") {
  const json schema = map_output_schema();
  CHECK(schema["type"] == "object");
  CHECK(schema["required"] == json({"text", "model", "finish", "truncated"}));
  CHECK(schema["properties"]["text"]["type"] == "string");
  CHECK(schema["properties"]["model"]["type"] == "string");
  CHECK(schema["properties"]["finish"]["enum"] == json({"stop", "length"}));
  CHECK(schema["properties"]["truncated"]["type"] == "boolean");
}

}  // namespace
}  // namespace weir
