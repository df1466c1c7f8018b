#include "tools/catalog/tags.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace weir {
namespace {

using nlohmann::json;

const json kOrder = json::parse(R"({
  "type": "object",
  "properties": {
    "customer": {"$ref": "#/$defs/Customer"},
    "lines": {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string"}}}},
    "tags": {"type": "array", "items": {"type": "string"}},
    "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    "pet": {"oneOf": [{"properties": {"lives": {}}}, {"properties": {"breed": {}}}]},
    "scores": {"type": "object", "additionalProperties": {"type": "object", "properties": {"mean": {}}}},
    "any": {},
    "open": {"type": "object", "properties": {"a": {}}, "additionalProperties": true},
    "count": {"type": "integer"},
    "limit": {"type": "integer"},
    "share": {"type": "number", "default": 0.5}
  },
  "required": ["customer", "count"],
  "$defs": {"Customer": {"type": "object", "properties": {"name": {"type": "string"}, "boss": {"$ref": "#/$defs/Customer"}}}}
})");

std::vector<std::string> wrong(const std::string& text) {
  const auto parsed = Template::parse(text);
  if (!parsed) FAIL(parsed.error().what);
  std::vector<std::string> all;
  for (const auto& mistake : check_tags(**parsed, kOrder).mistakes) all.push_back(mistake.what);
  return all;
}
using Lines = std::vector<std::string>;

TEST_CASE("names that the schema has are right, through references, lists and alternatives", "[tags]") {
  for (const char* text : {"{{customer.name}}", "{{customer.boss.boss.boss.name}}",
                           "{{#customer}}{{name}}{{#boss}}{{name}}{{/boss}}{{/customer}}",
                           "{{#lines}}{{sku}} of {{customer.name}}{{/lines}}", "{{#tags}}{{.}}{{/tags}}",
                           "{{#note}}{{.}}{{/note}}", "{{pet.lives}}{{pet.breed}}",
                           "{{#pet}}{{lives}}{{breed}}{{/pet}}", "{{#lines}}{{#.}}{{sku}}{{/.}}{{/lines}}"}) {
    INFO(text);
    CHECK(wrong(text).empty());
  }
}

TEST_CASE("any name will do where the schema does not say", "[tags]") {
  for (const char* text : {"{{any.thing.at.all}}", "{{#any}}{{thing}}{{/any}}", "{{scores.ada.mean}}", "{{open.b.c}}",
                           "{{#open}}{{b}}{{/open}}"}) {
    INFO(text);
    CHECK(wrong(text).empty());
  }
}

TEST_CASE("a name that the schema lacks is told, with the nearest that there is", "[tags]") {
  CHECK(wrong("{{custmer}}") == Lines{"no input named \"custmer\"; did you mean \"customer\"?"});
  CHECK(wrong("{{customer.nmae}}") ==
        Lines{"\"customer.nmae\": no property named \"nmae\" in \"customer\"; did you mean \"name\"?"});
  CHECK(wrong("{{#lines}}{{skuu}}{{/lines}}") == Lines{"no input named \"skuu\"; did you mean \"sku\"?"});
  CHECK(wrong("{{lines.sku}}") == Lines{"\"lines.sku\": \"lines\" is no object"});
  CHECK(wrong("{{note.x}}") == Lines{"\"note.x\": \"note\" is no object"});
  CHECK(wrong("{{scores.ada.men}}") ==
        Lines{"\"scores.ada.men\": no property named \"men\" in \"ada\"; did you mean \"mean\"?"});
  CHECK(wrong("{{#tags}}{{skuu}}{{/tags}}").size() == 1);
  CHECK(wrong("{{customer..name}} {{.customer}} {{a b}}").size() == 3);
}

TEST_CASE("the item of a section stands inside of one only", "[tags]") {
  CHECK(wrong("{{.}}") ==
        Lines{"\".\" is the item of the section around it, and there is none; a tag holds an input's name"});
}

TEST_CASE("a section of a number is right where the number may be absent", "[tags]") {
  CHECK(wrong("{{#limit}}at most {{limit}}{{/limit}}").empty());
  CHECK(wrong("{{#count}}x{{/count}}") ==
        Lines{"a section depends on \"count\", which is an integer; it must be a boolean or a string"});
  CHECK(wrong("{{^share}}x{{/share}}") ==
        Lines{"a section depends on \"share\", which is a number; it must be a boolean or a string"});
}

TEST_CASE("the arguments that a text uses are known", "[tags]") {
  const auto used = [](const std::string& text) { return check_tags(**Template::parse(text), kOrder).used; };
  using Names = std::set<std::string, std::less<>>;
  CHECK(used("{{customer.name}} {{#lines}}{{sku}}{{note}}{{/lines}}") == Names{"customer", "lines", "note"});
  CHECK(used("{{#any}}{{note}}{{/any}}") == Names{"any", "note"});
  CHECK(used("none").empty());
}

TEST_CASE("a schema that branches without end is walked within bounds", "[tags]") {
  json schema = json::parse(R"({"type": "object", "properties": {"a": {"$ref": "#/$defs/n0"}}, "$defs": {}})");
  for (int i = 0; i < 200; ++i) {
    const std::string next = "#/$defs/n" + std::to_string((i + 1) % 200);
    schema["$defs"]["n" + std::to_string(i)] = {{"anyOf", {{{"$ref", next}}, {{"$ref", next}}}},
                                                {"properties", {{"b", {{"$ref", next}}}}}};
  }
  CHECK(check_tags(**Template::parse("{{a.b.b.b.b}}"), schema).mistakes.empty());
}

}  // namespace
}  // namespace weir
