// What is told: mistakes of a schema, violations of a value; and the bounds of both.
#include <rapidcheck.h>

#include "tests/tools/schema/rules.h"

namespace weir {

using nlohmann::json;

TEST_CASE("every mistake of a schema is told, with its place and what would be right", "[schema]") {
  CHECK(mistakes(R"({"properties":{"a":{"type":"strng","minLength":-1},"b":7},"required":"a"})") ==
        Lines{"#/properties/a/minLength: must be a whole number, 0 or more, is -1",
              "#/properties/a/type: must be null, boolean, object, array, string, number or integer, is \"strng\"",
              "#/properties/b: must be a schema (an object, true or false), is an integer",
              "#/required: must be a list of property names, is \"a\""});
  CHECK(mistakes(R"({"multipleOf":0,"uniqueItems":1,"allOf":[],"required":["a","a"]})").size() == 4);
  CHECK(mistakes(R"({"$ref":"#/$defs/b","$defs":{"a":{}}})") ==
        Lines{"#/$ref: leads to \"#/$defs/b\", but there is no \"b\" in #/$defs"});
}

TEST_CASE("a keyword that is nearly a known one is a mistake; others are annotations", "[schema]") {
  CHECK(
      mistakes(R"({"minlength":1})") ==
      Lines{"#/minlength: is no keyword; did you mean \"minLength\"? (an annotation of your own begins with \"x-\")"});
  CHECK(mistakes(R"({"property":{}})").size() == 1);
  CHECK(
      mistakes(R"({"x-minlength":1,"ui:widget":"text","discriminator":{"propertyName":"kind"},"title":"T"})").empty());
}

TEST_CASE("what is not supported is refused by name", "[schema]") {
  for (const char* schema :
       {R"({"$dynamicRef":"#a"})", R"({"$recursiveRef":"#"})", R"({"$vocabulary":{}})", R"({"additionalItems":false})",
        R"({"nullable":true})", R"({"items":[{}]})", R"({"$ref":"https://x.example/y"})", R"j({"pattern":"(?=a)"})j",
        R"({"pattern":"(a)\\1"})", R"({"$schema":"http://json-schema.org/draft-04/schema#"})"}) {
    INFO(schema);
    const auto told = mistakes(schema);
    REQUIRE(told.size() == 1);
    const std::string keyword = json::parse(schema).begin().key();
    CHECK(told[0].starts_with("#/" + keyword + ": "));
  }
  CHECK(mistakes(R"({"$schema":"http://json-schema.org/draft-07/schema#"})").empty());
}

TEST_CASE("a pattern with lookaround beside a format that we know leaves it to the format, asserted", "[schema]") {
  const char* zod = R"j({"type":"string","format":"email","pattern":"^(?!\\.)[a-z.]+@[a-z.]+$"})j";
  takes(zod, {"\"a.b@x.example\""}, {"\".a@x.example\"", "\"a\""});
  CHECK(mistakes(R"j({"type":"string","format":"uri","pattern":"^(?!x)"})j").size() == 1);
}

TEST_CASE("a schema that refers to itself for the same value is a mistake", "[schema]") {
  CHECK(mistakes(R"({"$ref":"#"})").size() == 1);
  CHECK(mistakes(R"({"anyOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"not":{"$ref":"#/anyOf/0"}}}})").size() == 1);
  CHECK(mistakes(R"({"items":{"$ref":"#"}})").empty());
}

TEST_CASE("violations name the place, the rule, and what would be right", "[schema]") {
  const char* schema = R"({"type":"object","properties":{"lines":{"items":{"properties":{"price":{"minimum":0}}}},
      "name":{"type":"string","maxLength":3}},"required":["name","id"],"additionalProperties":false})";
  CHECK(violations(schema, R"({"lines":[{"price":1},{"price":-1}],"name":"abcd","linez":1})") ==
        Lines{" | required | must have the property \"id\"", "/lines/1/price | minimum | must be 0 or more",
              "/linez | additionalProperties | is no known property",
              "/name | maxLength | must have 3 characters or fewer, has 4"});
  CHECK(violations(schema, R"({"id":1,"nmae":""})") ==
        Lines{" | required | must have the property \"name\"", "/id | additionalProperties | is no known property",
              "/nmae | additionalProperties | is no known property; did you mean \"name\"?"});
  CHECK(violations(R"({"properties":{"a/b~":{"type":["integer","null"]}}})", R"({"a/b~":"x"})") ==
        Lines{"/a~1b~0 | type | must be an integer or null, is a string"});
  CHECK(violations(R"({"enum":["a","b",1]})", "2") == Lines{" | enum | must be \"a\", \"b\" or 1"});
}

TEST_CASE("of branches, the one that was meant tells what is wrong", "[schema]") {
  CHECK(violations(R"({"anyOf":[{"type":"string","maxLength":1},{"type":"null"}]})", "\"ab\"") ==
        Lines{" | maxLength | must have 1 characters or fewer, has 2"});
  CHECK(violations(R"({"oneOf":[{"properties":{"kind":{"const":"a"},"n":{"type":"integer"}}},
                                {"properties":{"kind":{"const":"b"},"n":{"type":"string"}}}]})",
                   R"({"kind":"b","n":1})") == Lines{"/n | type | must be a string, is an integer"});
  CHECK(violations(R"({"anyOf":[{"minimum":5},{"maximum":1}]})", "3") ==
        Lines{" | anyOf | matches none of 2 schemas: the answer: must be 5 or more; or the answer: must be 1 or less"});
}

TEST_CASE("violations end at ten", "[schema]") {
  const auto rules = compiled(json::parse(R"({"items":{"type":"string"}})"));
  CHECK(rules->check(json(std::vector<int>(9, 1))).size() == 9);
  CHECK(rules->check(json(std::vector<int>(10, 1))).size() == 10);
  CHECK(rules->check(json(std::vector<int>(11, 1))).size() == 10);
}

TEST_CASE("a check takes as many steps as it may, and says so when it takes more", "[schema]") {
  const json schema = json::parse(R"({"items":{"type":"integer"}})");
  const json value(std::vector<int>(99, 1));  // a step for the array, one for each item
  CHECK(compiled(schema, {.steps_max = 100})->check(value).empty());
  const auto told = compiled(schema, {.steps_max = 99})->check(value);
  REQUIRE(told.size() == 1);
  CHECK(told[0] == Violation{"", "work", "takes more than 99 steps to check"});
  CHECK_FALSE(compiled(schema, {.steps_max = 99})->holds(value));
}

TEST_CASE("schemas and values may be 128 deep and no deeper", "[schema]") {
  const auto nested = [](int depth) { return json::parse(std::string(depth, '[') + std::string(depth, ']')); };
  const auto rules = compiled(json::parse(R"({"items":{"$ref":"#"}})"));
  CHECK(rules->check(nested(128)).empty());
  const auto told = rules->check(nested(129));
  REQUIRE(told.size() == 1);
  CHECK(told[0].rule == "depth");
  CHECK_FALSE(rules->holds(nested(129)));
  CHECK(SchemaRules::compile({{"const", nested(127)}}).has_value());
  CHECK_FALSE(SchemaRules::compile({{"const", nested(128)}}).has_value());
}

TEST_CASE("a schema may have 50,000 values and no more; of mistakes the first 50 are told", "[schema]") {
  CHECK(SchemaRules::compile({{"enum", std::vector<int>(49'998)}}).has_value());
  CHECK_FALSE(SchemaRules::compile({{"enum", std::vector<int>(49'999)}}).has_value());
  const auto rules = SchemaRules::compile({{"allOf", std::vector<int>(60)}});
  REQUIRE_FALSE(rules.has_value());
  CHECK(rules.error().size() == 51);
}

TEST_CASE("what blows up elsewhere ends here by its bounds", "[schema]") {
  // A chain of references as long as the document: no deep recursion, at compile or at check.
  json schema = {{"$ref", "#/$defs/0"}, {"$defs", json::object()}};
  for (int i = 0; i < 9'999; ++i) schema["$defs"][std::to_string(i)] = {{"$ref", "#/$defs/" + std::to_string(i + 1)}};
  schema["$defs"]["9999"] = true;
  CHECK(compiled(schema)->check(1).at(0).rule == "depth");
  // Two branches at each of sixty levels: 2^60 ways.
  json doubling = {{"$ref", "#/$defs/0"}, {"$defs", json::object()}};
  for (int i = 0; i < 60; ++i) {
    const json next = {{"$ref", "#/$defs/" + std::to_string(i + 1)}};
    doubling["$defs"][std::to_string(i)] = {{"anyOf", {next, next}}};
  }
  doubling["$defs"]["60"] = false;
  CHECK(compiled(doubling)->check(1).back().rule == "work");
  // A pattern that backtracks exponentially elsewhere; items that are all but equal.
  takes(R"({"pattern":"^(a+)+$"})", {}, {"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\""});
  std::vector<int> items(100'000);
  for (int i = 0; i < 100'000; ++i) items[static_cast<std::size_t>(i)] = i;
  CHECK(compiled(json::parse(R"({"uniqueItems":true})"))->check(json(items)).empty());
}

namespace {

json any_value(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 7 : 5)) {
    case 0:
      return nullptr;
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return *rc::gen::inRange(-3, 4);
    case 3:
      return *rc::gen::inRange(-6, 7) * 0.5;
    case 4:
      return *rc::gen::element<std::string>("", "a", "ä", "ab");
    case 5: {
      json list = json::array();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) list.push_back(any_value(depth - 1));
      return list;
    }
    default: {
      json object = json::object();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i)
        object[*rc::gen::element<std::string>("a", "b", "c")] = any_value(depth - 1);
      return object;
    }
  }
}

json any_schema(int depth) {
  if (depth == 0)
    return *rc::gen::element(json(true), json(false), json::parse(R"({"type":"integer"})"),
                             json::parse(R"({"minLength":1})"));
  const json a = any_schema(depth - 1), b = any_schema(depth - 1);
  switch (*rc::gen::inRange(0, 8)) {
    case 0:
      return {{"allOf", {a, b}}};
    case 1:
      return {{"anyOf", {a, b}}};
    case 2:
      return {{"properties", {{"a", a}}}, {"additionalProperties", b}};
    case 3:
      return {{"prefixItems", {a}}, {"items", b}};
    case 4:
      return {{"const", any_value(1)}};
    case 5:
      return {{"if", a}, {"then", b}};
    case 6:
      return {{"anyOf", {a, b}}, {"unevaluatedProperties", false}};
    default:
      return {{"contains", a}, {"unevaluatedItems", b}};
  }
}

}  // namespace

TEST_CASE("for any schemas: what is the same but for numbers written otherwise is equal, and of one hash", "[schema]") {
  CHECK(rc::check([] {
    const json value = any_value(3);
    json other = json::parse(value.dump());
    RC_ASSERT(compiled({{"const", value}})->holds(other));
    RC_ASSERT_FALSE(compiled({{"uniqueItems", true}})->holds(json::array({value, 17, other})));
    RC_ASSERT(compiled({{"uniqueItems", true}})->holds(json::array({value, json::array({value})})));
  }));
}

TEST_CASE("for any schemas and values: not, oneOf, allOf and anyOf are what logic says they are", "[schema]") {
  CHECK(rc::check([] {
    const json a = any_schema(2), b = any_schema(2), value = any_value(2);
    const bool holds_a = compiled(a)->holds(value), holds_b = compiled(b)->holds(value);
    RC_ASSERT(compiled(a)->check(value).empty() == holds_a);
    RC_ASSERT(compiled({{"not", a}})->holds(value) == !holds_a);
    RC_ASSERT(compiled({{"allOf", {a, b}}})->holds(value) == (holds_a && holds_b));
    RC_ASSERT(compiled({{"anyOf", {a, b}}})->holds(value) == (holds_a || holds_b));
    RC_ASSERT(compiled({{"oneOf", {a, b}}})->holds(value) == (holds_a != holds_b));
    RC_ASSERT(compiled({{"$ref", "#/$defs/a"}, {"$defs", {{"a", a}}}})->holds(value) == holds_a);
    RC_ASSERT(compiled({{"const", value}})->holds(value));
  }));
}

}  // namespace weir
