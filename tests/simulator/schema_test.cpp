#include "simulator/schema.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <vector>

#include "simulator/wire.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;

Json answer(const std::string& schema, std::uint64_t chance = 1, bool misfit = false) {
  Draw draw(chance, 1);
  return Json::parse(fitting_json(schema, "It holds. It lasts. It flows.", {.draw = draw, .misfit = misfit}));
}

TEST_CASE("an answer has every property, in the schema's order, with what the user said", "[schema]") {
  const Json value = answer(
      R"({"type":"object","properties":{"z":{"type":"string"},"a":{"type":"array","items":{"type":"boolean"},"minItems":2}},
          "required":["z","a"]})");
  CHECK(value.begin().key() == "z");
  CHECK(value["z"] == "It holds.");
  CHECK(value["a"].size() >= 2);
  CHECK(value["a"][0].is_boolean());
}

TEST_CASE("numbers keep to their bounds, whatever chance says", "[schema]") {
  for (std::uint64_t chance = 0; chance < 200; ++chance) {
    const Json value = answer(
        R"({"type":"object","properties":{"a":{"type":"integer","minimum":3,"maximum":4},
            "b":{"type":"number","exclusiveMinimum":0,"exclusiveMaximum":0.1},"c":{"type":"integer","multipleOf":5,"minimum":7},
            "d":{"type":"integer","exclusiveMinimum":2,"maximum":3},"e":{"type":"number","maximum":-1}}})",
        chance);
    CHECK((value["a"] == 3 || value["a"] == 4));
    CHECK((value["b"] > 0 && value["b"] < 0.1));
    CHECK((value["c"] >= 10 && value["c"].get<int>() % 5 == 0));
    CHECK(value["d"] == 3);
    CHECK(value["e"] <= -1);
  }
}

TEST_CASE("strings keep to their lengths, counted in characters", "[schema]") {
  Draw draw(1, 1);
  const auto text = [&](const char* schema) {
    return Json::parse(fitting_json(schema, "Größe zählt überall.", {.draw = draw})).get<std::string>();
  };
  CHECK(text(R"({"type":"string","maxLength":3})") == "Grö");
  CHECK(text(R"({"type":"string","maxLength":0})").empty());
  CHECK(text(R"({"type":"string","minLength":30})").size() >= 30);
}

TEST_CASE("a recursive schema gives an answer that ends", "[schema]") {
  const Json value = answer(
      R"({"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{
          "next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}},"required":["next"]}}})");
  CHECK(value.contains("next"));
  const Json endless = answer(R"({"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{
      "l":{"$ref":"#/$defs/n"},"r":{"$ref":"#/$defs/n"}},"required":["l","r"]}}})");
  CHECK(endless.is_object());
  CHECK(answer(R"({"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/a"}}})").is_null());
}

TEST_CASE("a misfit lacks a required property, or is of another type", "[schema]") {
  const std::string object = R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"]})";
  CHECK_FALSE(answer(object, 1, true).contains("a"));
  CHECK(answer(R"({"type":"object","properties":{}})", 1, true).is_array());
  CHECK(answer(R"({"type":"array","items":{}})", 1, true).is_object());
}

TEST_CASE("simple patterns are matched, others are said not to be simple", "[schema]") {
  CHECK(fitting_text("^[A-Z]{3}-\\d{4}$") == "AAA-7777");
  CHECK(fitting_text("^(red|green)(-light)?$") == "red");
  CHECK(fitting_text("^[^a-z]+\\.txt$") == "0.txt");
  CHECK(fitting_text("^\\w+@example\\.com$") == "w@example.com");
  CHECK(fitting_text("^(?:ab){2,3}$") == "abab");
  CHECK_FALSE(fitting_text("^(?=a)b$").has_value());
  CHECK_FALSE(fitting_text("a{3000}").has_value());
  CHECK_FALSE(fitting_text("(((").has_value());
  CHECK_FALSE(fitting_text("[b-a]").has_value());
  CHECK_FALSE(fitting_text("\\p{L}").has_value());
}

struct Refused {
  Subset subset;
  std::string schema;
  std::string objection;  // a part of it; empty: there is none
};

TEST_CASE("each provider's subset takes what it takes and objects to the rest", "[schema]") {
  const std::string closed =
      R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false})";
  const auto with = [](const std::string& property) {
    return R"({"type":"object","properties":{"a":)" + property + R"(},"required":["a"],"additionalProperties":false})";
  };
  const std::vector<Refused> all = {
      {Subset::openai_strict, closed, ""},
      {Subset::openai_strict, R"({"type":"array","items":{"type":"string"}})",
       "must be a JSON Schema of 'type: \"object\"'"},
      {Subset::openai_strict, R"({"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false})",
       "Missing 'a'"},
      {Subset::openai_strict, R"({"type":"object","properties":{}})", "'additionalProperties' is required"},
      {Subset::openai_strict, with(R"({"allOf":[{"type":"string"}]})"), "'allOf' is not permitted"},
      {Subset::openai_strict, with(R"({})"), "In context=('properties', 'a'), schema must have a 'type' key."},
      {Subset::openai_strict, with(R"({"type":"string","pattern":"^(?=a)b"})"), "lookaround"},
      {Subset::openai_strict, with(R"({"type":"string","format":"uri"})"), "\"uri\" is not a valid format"},
      {Subset::openai_strict, with(R"({"type":"integer","minimum":1})"), ""},
      {Subset::openai_strict, with(R"({"$ref":"#"})"), ""},
      {Subset::openai_strict, with(R"({"$ref":"#/$defs/b"})"), "cannot be found"},
      {Subset::openai_strict, with(R"({"type":"text"})"), "invalid type \"text\""},
      {Subset::anthropic, closed, ""},
      {Subset::anthropic, with(R"({"type":"integer","minimum":1})"), "'minimum' is not supported"},
      {Subset::anthropic, with(R"({"type":"array","items":{"type":"string"},"minItems":1})"), ""},
      {Subset::anthropic, with(R"({"type":"array","items":{"type":"string"},"minItems":2})"),
       "'minItems' values other than 0 or 1"},
      {Subset::anthropic, with(R"({"type":"string","format":"uri"})"), ""},
      {Subset::anthropic, with(R"({"$ref":"#"})"), "Recursive schemas"},
      {Subset::anthropic, R"({"type":"object","properties":{"a":{"type":"string"}}})",
       "'additionalProperties' must be explicitly"},
      {Subset::gemini_json, closed, ""},
      {Subset::gemini_json, with(R"({"const":1})"), "'const' is not permitted"},
      {Subset::gemini_json, R"({"type":"object","properties":{"a":{"$ref":"#","title":"x"}}})",
       "'$ref' must stand alone"},
      {Subset::gemini_openapi, R"({"type":"OBJECT","properties":{"a":{"type":"STRING","nullable":true}}})", ""},
      {Subset::gemini_openapi, closed, "'additionalProperties' is not permitted"},
  };
  for (const Refused& one : all) {
    INFO(one.schema);
    const std::string found = objection(Json::parse(one.schema), one.subset).value_or("");
    INFO(found);
    CHECK(found.empty() == one.objection.empty());
    CHECK(found.find(one.objection) != std::string::npos);
  }
}

// An object with so many properties, each of which may be left out.
Json with_optional(int properties) {
  Json schema = {{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
  for (int i = 0; i < properties; ++i) schema["properties"]["p" + std::to_string(i)] = {{"type", "string"}};
  return schema;
}

TEST_CASE("Anthropic compiles 24 optional properties and not one more", "[schema]") {
  CHECK_FALSE(objection(with_optional(24), Subset::anthropic).has_value());
  CHECK(objection(with_optional(25), Subset::anthropic) == "Schema is too complex for compilation");
}

TEST_CASE("references that fan out are followed once each", "[schema]") {
  Json schema = {
      {"type", "object"}, {"additionalProperties", false}, {"properties", {{"a", {{"$ref", "#/$defs/d0"}}}}}};
  for (int i = 0; i < 60; ++i) {
    const Json next = {{"$ref", "#/$defs/d" + std::to_string(i + 1)}};
    schema["$defs"]["d" + std::to_string(i)] = {{"anyOf", Json::array({next, next})}};
  }
  schema["$defs"]["d60"] = {{"type", "string"}};
  CHECK(objection(schema, Subset::anthropic) == "Schema is too complex for compilation");  // for its unions
  CHECK(answer(schema.dump()).is_object());
}

}  // namespace
}  // namespace simulator
