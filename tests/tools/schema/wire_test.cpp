// golden/*.json hold a schema as Pydantic, Zod or a person writes it, and what each provider is sent for it.
// WEIR_WRITE_GOLDEN=1 writes the expectation of a file that has none; read what it wrote.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/tools/schema/rules.h"
#include "tools/schema/wire_schema.h"

namespace weir {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

json sent(const json& schema, SchemaDialect dialect) {
  const auto wire = wire_schema(schema, dialect);
  if (!wire) return {{"error", wire.error()}};
  json result = {{"schema", *wire->value}};
  if (!wire->dropped.empty()) result["dropped"] = wire->dropped;
  if (wire->wrapped) result["wrapped"] = true;
  return result;
}

const std::vector<std::pair<const char*, SchemaDialect>> kDialects{{"openai_strict", SchemaDialect::openai_strict},
                                                                   {"anthropic", SchemaDialect::anthropic},
                                                                   {"google", SchemaDialect::google}};

json answered(const char* schema, const char* answer, SchemaDialect dialect = SchemaDialect::openai_strict) {
  const json original = json::parse(schema);
  const auto wire = wire_schema(original, dialect);
  REQUIRE(wire.has_value());
  return unwire(*wire, *compiled(original), json::parse(answer));
}

json properties(int count) {
  json schema = {{"type", "object"}, {"properties", json::object()}, {"required", json::array()}};
  for (int i = 0; i < count; ++i) schema["properties"]["p" + std::to_string(i)] = {{"type", "string"}};
  return schema;
}

}  // namespace

TEST_CASE("what Pydantic, Zod and people write is sent in each provider's own form", "[wire]") {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(WEIR_SOURCE_DIR) / "tests/tools/schema/golden")) {
    ++files;
    std::ifstream in(entry.path());
    json golden = json::parse(in);
    CAPTURE(entry.path().filename());
    for (const auto& [name, dialect] : kDialects) {
      const json result = sent(golden["schema"], dialect);
      if (!golden.contains(name) && std::getenv("WEIR_WRITE_GOLDEN") != nullptr) golden[name] = result;
      CAPTURE(name);
      CHECK(golden[name] == result);
      // What is sent is a schema that we would take too.
      if (result.contains("schema")) CHECK(SchemaRules::compile(result["schema"]).has_value());
    }
    if (std::getenv("WEIR_WRITE_GOLDEN") != nullptr) std::ofstream(entry.path()) << golden.dump(2) << "\n";
  }
  CHECK(files >= 10);
}

TEST_CASE("plain is the schema as it is; a schema with mistakes is sent to nobody", "[wire]") {
  const json schema = json::parse(R"({"type":"string","not":{"const":"x"},"default":"y"})");
  const auto wire = wire_schema(schema, SchemaDialect::plain);
  REQUIRE(wire.has_value());
  CHECK(*wire->value == schema);
  CHECK(wire->dropped.empty());
  for (const auto dialect : {SchemaDialect::plain, SchemaDialect::openai_strict})
    CHECK(wire_schema(json::parse(R"({"type":"strng"})"), dialect).error() ==
          "#/type: must be null, boolean, object, array, string, number or integer, is \"strng\"");
}

TEST_CASE("nulls that stand for absent properties go; nulls that are meant stay", "[wire]") {
  const char* schema = R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":["string","null"]},
      "c":{"type":"string"},"in":{"type":"array","items":{"$ref":"#/$defs/x"}}},"required":["c"],
      "$defs":{"x":{"type":"object","properties":{"y":{"type":"integer"}}}}})";
  CHECK(answered(schema, R"({"a":null,"b":null,"c":null,"in":[{"y":null},{"y":1}]})") ==
        json::parse(R"({"b":null,"c":null,"in":[{},{"y":1}]})"));
  CHECK(answered(schema, R"({"a":"x","c":"","in":null})") == json::parse(R"({"a":"x","c":""})"));
  CHECK(answered(schema, "null") == nullptr);
}

TEST_CASE("of a union, the branch that holds once its nulls are out decides which go", "[wire]") {
  const char* schema = R"({"type":"object","properties":{"pet":{"oneOf":[
      {"type":"object","properties":{"kind":{"const":"cat"},"n":{"type":"integer"}},"required":["kind"]},
      {"type":"object","properties":{"kind":{"const":"dog"},"n":{"type":["integer","null"]},"m":{"type":"string"}},
       "required":["kind"]}]}},"required":["pet"]})";
  CHECK(answered(schema, R"({"pet":{"kind":"cat","n":null}})") == json::parse(R"({"pet":{"kind":"cat"}})"));
  CHECK(answered(schema, R"({"pet":{"kind":"dog","n":null,"m":null}})") ==
        json::parse(R"({"pet":{"kind":"dog","n":null}})"));
}

TEST_CASE("a root that is no object is wrapped, and the answer unwrapped", "[wire]") {
  const char* list = R"({"type":"array","items":{"type":"integer"}})";
  CHECK(answered(list, R"({"answer":[1,2]})") == json::parse("[1,2]"));
  CHECK(answered(list, "[1,2]") == json::parse("[1,2]"));  // some answer as they were asked at first
  CHECK(answered(list, "[1,2]", SchemaDialect::google) == json::parse("[1,2]"));
  const char* object = R"({"type":"object","properties":{"answer":{"type":"string"}},"required":["answer"]})";
  CHECK(answered(object, R"({"answer":"x"})") == json::parse(R"({"answer":"x"})"));
}

TEST_CASE("OpenAI's limits are named with what the schema has", "[wire]") {
  const auto strict = SchemaDialect::openai_strict;
  CHECK(wire_schema(properties(5000), strict).has_value());
  CHECK(wire_schema(properties(5001), strict).error() ==
        "OpenAI's strict mode takes 5000 properties at most; this schema has 5001");
  const auto nested = [](int levels) {
    json schema = {{"type", "string"}};
    for (int i = 0; i < levels; ++i) schema = {{"type", "object"}, {"properties", {{"p", schema}}}};
    return schema;
  };
  CHECK(wire_schema(nested(10), strict).has_value());
  CHECK(wire_schema(nested(11), strict).error() ==
        "OpenAI's strict mode takes 10 levels of objects in each other at most; this schema has 11");
  const auto choices = [](std::size_t count, std::size_t length) {
    json values = json::array();
    for (std::size_t i = 0; i < count; ++i) values.push_back(std::string(length - 4, 'x') + std::to_string(1000 + i));
    return json{{"type", "object"}, {"properties", {{"p", {{"enum", values}}}}}, {"required", {"p"}}};
  };
  CHECK(wire_schema(choices(1000, 15), strict).has_value());
  CHECK(wire_schema(choices(1001, 10), strict).error() ==
        "OpenAI's strict mode takes 1000 enum values at most; this schema has 1001");
  CHECK(wire_schema(choices(250, 61), strict).has_value());
  CHECK_FALSE(wire_schema(choices(251, 60), strict).has_value());
  CHECK(wire_schema({{"type", "object"}, {"properties", {{std::string(120'000, 'p'), {{"type", "string"}}}}}}, strict)
            .has_value());
  CHECK_FALSE(
      wire_schema({{"type", "object"}, {"properties", {{std::string(120'001, 'p'), {{"type", "string"}}}}}}, strict));
}

TEST_CASE("Anthropic's limits are named with what the schema has", "[wire]") {
  const auto anthropic = SchemaDialect::anthropic;
  CHECK(wire_schema(properties(24), anthropic).has_value());
  CHECK(wire_schema(properties(25), anthropic).error() ==
        "Anthropic takes 24 optional properties at most; this schema has 25");
  const auto unions = [](int count) {
    json schema = properties(count);
    for (auto& [name, property] : schema["properties"].items()) {
      property["type"] = {"string", "null"};
      schema["required"].push_back(name);
    }
    return schema;
  };
  CHECK(wire_schema(unions(16), anthropic).has_value());
  CHECK_FALSE(wire_schema(unions(17), anthropic).has_value());
}

TEST_CASE("allOf that doubles at each level is refused, not written out", "[wire]") {
  json schema = {{"$ref", "#/$defs/d0"}, {"$defs", json::object()}};
  for (int i = 0; i < 40; ++i) {
    const json next = {{"$ref", "#/$defs/d" + std::to_string(i + 1)}};
    schema["$defs"]["d" + std::to_string(i)] = {{"allOf", {next, next}}};
  }
  schema["$defs"]["d40"] = {{"type", "string"}};
  for (const auto& [name, dialect] : kDialects)
    CHECK(wire_schema(schema, dialect).error() ==
          "#/$defs/d0: takes in too many schemas by allOf and $ref to be written out");
}

}  // namespace weir
