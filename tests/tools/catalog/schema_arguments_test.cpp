// What an input_schema may be, and what a tool makes of it. The schemas of generators: generated_test.cpp.
#include "tools/catalog/schema_arguments.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace weir {
namespace {

using nlohmann::json;
using Lines = std::vector<std::string>;

ToolSettings tool_of(const std::string& schema) {
  ToolSettings tool;
  tool.input_schema = schema;
  return tool;
}

std::shared_ptr<const ArgumentRules> rules_of(const ToolSettings& tool) {
  auto rules = argument_rules(tool);
  if (!rules) FAIL(rules.error().front());
  return *rules;
}

Lines wrong(const std::string& schema) {
  const auto rules = argument_rules(tool_of(schema));
  INFO(schema);
  REQUIRE_FALSE(rules);
  return rules.error();
}

Lines wrong_root(const std::string& members) {
  return wrong(R"({"type":"object","properties":{"a":{}},)" + members + "}");
}

std::string refusal(const ArgumentRules& rules, const json& arguments) {
  const auto values = rules.read(arguments);
  REQUIRE_FALSE(values);
  CHECK(values.error().fault == Fault::bad_input);
  return values.error().message;
}

TEST_CASE("a root that hosts choke on is refused by name", "[schema_arguments]") {
  for (const std::string keyword : {"oneOf", "anyOf", "allOf"}) {
    CHECK(wrong_root('"' + keyword + R"(":[{"required":["a"]}])") ==
          Lines{"#/" + keyword + ": hosts do not take it at the root of a tool's arguments; put it into a property"});
  }
  CHECK(wrong_root(R"("not":{})").size() == 1);
  CHECK(wrong_root(R"("if":{},"then":{},"else":{})").size() == 3);
  CHECK(wrong_root(R"("enum":[{}])").size() == 1);
  CHECK(wrong_root(R"("$ref":"#/$defs/x","$defs":{"x":{}})").size() == 1);
}

TEST_CASE("a root that is no object with properties is refused", "[schema_arguments]") {
  const Lines expected{"#: the root must be an object: type = \"object\", with properties"};
  CHECK(wrong(R"({"type":"array","items":{}})") == expected);
  CHECK(wrong(R"({"type":"object"})") == expected);
  CHECK(wrong(R"({"properties":{"a":{}}})") == expected);
  CHECK(wrong(R"({"type":["object","null"],"properties":{}})") == expected);
  CHECK(wrong(R"({"type":"object","properties":[]})") == expected);
  CHECK(wrong("[]") == Lines{"it is no JSON Schema: it must be an object"});
  CHECK(wrong("{") == Lines{"it is not JSON, or has too many levels or values"});
  CHECK(wrong(std::string(100'000, '[')) == Lines{"it is not JSON, or has too many levels or values"});
}

TEST_CASE("a root that only refers to a definition is put in its place, with what stands beside it",
          "[schema_arguments]") {
  const auto rules = rules_of(tool_of(
      R"({"$ref":"#/$defs/A","$defs":{"A":{"$ref":"#/$defs/B","title":"A"},"B":{"type":"object","properties":{"b":{}}}}})"));
  CHECK(rules->schema()["properties"].contains("b"));
  CHECK(rules->schema()["title"] == "A");
  CHECK(rules->schema().contains("$defs"));
  CHECK(wrong(R"({"$ref":"#/$defs/A","$defs":{"A":{"$ref":"#/$defs/A"}}})").size() == 2);
  CHECK(wrong(R"({"$ref":"#/$defs/C","$defs":{}})").size() == 2);
  CHECK(wrong(R"({"$ref":"#/$defs/~2","$defs":{}})").size() == 2);
  CHECK(wrong(R"({"$ref":7})").size() == 2);
}

TEST_CASE("a hundred arguments may be declared, and names as hosts take them", "[schema_arguments]") {
  const auto many = [](int count) {
    json schema{{"type", "object"}, {"properties", json::object()}};
    for (int i = 0; i < count; ++i) schema["properties"]["p" + std::to_string(i)] = json::object();
    return schema.dump();
  };
  CHECK(argument_rules(tool_of(many(100))));
  CHECK(wrong(many(101)) == Lines{"#/properties: 101 properties; at most 100 are allowed"});
  const auto named = [](const std::string& name) {
    return json{{"type", "object"}, {"properties", {{name, json::object()}}}}.dump();
  };
  CHECK(argument_rules(tool_of(named("a-B_9" + std::string(59, 'x')))));
  CHECK(wrong(named(std::string(65, 'x'))).size() == 1);
  CHECK(wrong(named("a b")) ==
        Lines{"#/properties: \"a b\" is no argument's name: 1 to 64 of A-Z, a-z, 0-9, \"_\" and \"-\""});
  CHECK(wrong(named("")).size() == 1);
}

TEST_CASE("what the validator does not support is refused by name", "[schema_arguments]") {
  CHECK(wrong(R"({"type":"object","properties":{"a":{"type":"strng"},"b":{"nullable":true}}})").size() == 2);
  CHECK(wrong(R"({"type":"object","properties":{"a":{"items":[{}]}}})").front().starts_with("#/properties/a/items: "));
}

TEST_CASE("a default that its own rules refuse is a mistake", "[schema_arguments]") {
  CHECK(wrong(R"({"type":"object","properties":{"a":{"type":"integer","default":"x"},"b":{}},"required":["b"]})") ==
        Lines{"#/properties/a/default: arguments.a: must be an integer, is a string"});
  CHECK(argument_rules(tool_of(R"({"type":"object","properties":{"a":{"type":"string","default":null}}})")));
}

TEST_CASE("inputs stand in one of the two ways", "[schema_arguments]") {
  ToolSettings tool = tool_of(R"({"type":"object","properties":{"a":{}}})");
  tool.inputs.emplace_back().name = "text";
  const auto rules = argument_rules(tool);
  REQUIRE_FALSE(rules);
  CHECK(rules.error() == Lines{"it stands beside input.text; declare all arguments in one of the two ways"});
}

TEST_CASE("a choice of profiles is an argument beside the schema's own", "[schema_arguments]") {
  ToolSettings tool = tool_of(
      R"({"type":"object","properties":{"a":{"type":"array","items":{"$ref":"#"}}},"additionalProperties":false})");
  tool.profiles = {"quick", "deep"};
  const auto rules = rules_of(tool);
  CHECK(rules->schema()["properties"]["profile"]["enum"] == json({"quick", "deep"}));
  const auto values = rules->read({{"profile", "deep"}, {"a", {json::object()}}});
  REQUIRE(values);
  CHECK(values->at("profile") == "deep");
  CHECK(values->at("a").dump() == "[{}]");
  CHECK(rules->read(json::object())->at("profile") == "quick");
  CHECK(refusal(*rules, {{"profile", "slow"}}) == "arguments.profile: \"slow\" is not one of \"quick\", \"deep\"");
  tool.input_schema = R"({"type":"object","properties":{"profile":{}}})";
  CHECK(argument_rules(tool).error() ==
        Lines{"#/properties/profile: is in the way of the choice of a profile; rename it"});
}

TEST_CASE("arguments by a schema are bounded in depth and number", "[schema_arguments]") {
  const auto rules = rules_of(tool_of(R"({"type":"object","properties":{"a":{}}})"));
  const auto nested = [](std::size_t levels) {
    json value = json::array();
    for (std::size_t i = 1; i < levels; ++i) value = json::array({value});
    return json{{"a", value}};
  };
  CHECK(rules->read(nested(ArgumentRules::kDepthMax - 1)));
  CHECK(refusal(*rules, nested(ArgumentRules::kDepthMax)) == "arguments: nested more than 64 deep");
  const auto many = [](std::size_t count) { return json{{"a", std::vector<int>(count, 0)}}; };
  CHECK(rules->read(many(ArgumentRules::kValuesMax - 2)));
  CHECK(refusal(*rules, many(ArgumentRules::kValuesMax - 1)) == "arguments: more than 100000 values");
  CHECK(refusal(*rules, json::array()) == "arguments must be an object, not an array");
}

TEST_CASE("defaults cannot make arguments grow without bound", "[schema_arguments]") {
  json schema = json::parse(R"({"type":"object","properties":{"a":{"type":"array","items":{"properties":{"b":{}}}}}})");
  schema["properties"]["a"]["items"]["properties"]["b"]["default"] = std::string(10'000, 'x');
  const auto rules = rules_of(tool_of(schema.dump()));
  CHECK(rules->read({{"a", std::vector<json>(100, json::object())}}));
  CHECK(refusal(*rules, {{"a", std::vector<json>(10'000, json::object())}}) ==
        "arguments: take more than 1000000 steps to check");
}

TEST_CASE("ten violations are told at most, each with its place", "[schema_arguments]") {
  const auto rules = rules_of(tool_of(
      R"({"type":"object","properties":{"order":{"properties":{"lines":{"items":{"properties":{"price":{"minimum":0}}}},"7":{"type":"null"}}}}})"));
  CHECK(refusal(*rules, json::parse(R"({"order":{"lines":[{"price":-1}]}})")) ==
        "arguments.order.lines[0].price: must be 0 or more");
  CHECK(refusal(*rules, json::parse(R"({"order":{"7":1}})")) == "arguments.order.7: must be null, is an integer");
  const std::string message = refusal(*rules, {{"order", {{"lines", std::vector<json>(50, {{"price", -1}})}}}});
  CHECK(std::count(message.begin(), message.end(), '\n') == 9);
}

}  // namespace
}  // namespace weir
