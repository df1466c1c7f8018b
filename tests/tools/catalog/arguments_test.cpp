#include "tools/catalog/arguments.h"

#include <rapidcheck.h>

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

std::vector<InputSettings> summarise() {
  InputSettings sentences = named("sentences", InputType::integer);
  sentences.minimum = 1;
  sentences.maximum = 20;
  sentences.default_value = std::int64_t{3};
  sentences.required = false;
  InputSettings text = named("text", InputType::string);
  text.description = "The text.";
  text.max_length = 5;
  return {sentences, text};
}

std::string refusal(const std::vector<InputSettings>& inputs, const json& arguments) {
  const auto values = argument_rules(inputs)->read(arguments);
  INFO(arguments);
  REQUIRE_FALSE(values);
  CHECK(values.error().fault == Fault::bad_input);
  return values.error().message;
}

Values accepted(const std::vector<InputSettings>& inputs, const json& arguments) {
  const auto values = argument_rules(inputs)->read(arguments);
  INFO(arguments);
  if (!values) FAIL(values.error().message);
  return *values;
}

// One required input "a", and what is said of a value for it.
std::string said_of(InputSettings input, const json& value) {
  input.name = "a";
  return refusal({input}, {{"a", value}});
}
Values accepted_as(InputSettings input, const json& value) {
  input.name = "a";
  return accepted({input}, {{"a", value}});
}

TEST_CASE("arguments that obey come out as values, defaults filled in", "[arguments]") {
  CHECK(accepted(summarise(), {{"text", "abc"}}) == Values{{"sentences", std::int64_t{3}}, {"text", "abc"}});
  CHECK(accepted(summarise(), {{"text", ""}, {"sentences", 20}}) ==
        Values{{"sentences", std::int64_t{20}}, {"text", ""}});
}

TEST_CASE("arguments that are no object are refused by name", "[arguments]") {
  CHECK(refusal(summarise(), json::array({1})) == "arguments must be an object, not an array");
  CHECK(refusal(summarise(), nullptr) == "arguments must be an object, not null");
  CHECK(refusal(summarise(), 5) == "arguments must be an object, not 5");
  CHECK(refusal(summarise(), "x") == "arguments must be an object, not the string \"x\"");
}

TEST_CASE("a missing argument is named, with its type and description", "[arguments]") {
  CHECK(refusal(summarise(), json::object()) == "arguments: missing \"text\" (string): The text.");
  CHECK(refusal({named("n", InputType::integer)}, json::object()) == "arguments: missing \"n\" (integer)");
}

TEST_CASE("null is absent: the default for an optional argument, missing for a required one", "[arguments]") {
  CHECK(accepted(summarise(), {{"text", "a"}, {"sentences", nullptr}}).at("sentences") == 3);
  CHECK(refusal(summarise(), {{"text", nullptr}}) == "arguments: missing \"text\" (string): The text.");
  InputSettings note = named("note", InputType::string);
  note.required = false;
  CHECK(accepted({note}, {{"note", nullptr}}).empty());
}

TEST_CASE("an unknown argument is refused, with the nearest known name", "[arguments]") {
  CHECK(refusal(summarise(), {{"text", "a"}, {"sentence", 3}}) ==
        "arguments: unknown argument \"sentence\"; did you mean \"sentences\"?");
  CHECK(refusal(summarise(), {{"text", "a"}, {"zzz", 3}}) ==
        "arguments: unknown argument \"zzz\"; known are \"sentences\", \"text\"");
  CHECK(refusal({}, {{"a", 1}}) == "arguments: unknown argument \"a\"; the tool takes no arguments");
}

TEST_CASE("all violations are told at once", "[arguments]") {
  CHECK(refusal(summarise(), {{"txt", "a"}, {"sentences", 0}}) ==
        "arguments.sentences: 0 is below the minimum of 1\n"
        "arguments: missing \"text\" (string): The text.\n"
        "arguments: unknown argument \"txt\"; did you mean \"text\"?");
}

TEST_CASE("ten violations are told, the others counted", "[arguments]") {
  const auto told = [](int unknown) {
    json arguments = json::object();
    for (int i = 0; i < unknown; ++i) arguments["x" + std::to_string(i)] = 1;
    const std::string message = refusal({}, arguments);
    return std::pair(std::count(message.begin(), message.end(), '\n') + 1, message.substr(message.rfind('\n') + 1));
  };
  CHECK(told(10).first == 10);
  CHECK(told(11) == std::pair<std::ptrdiff_t, std::string>(11, "and 1 more"));
  CHECK(told(1'000) == std::pair<std::ptrdiff_t, std::string>(11, "and 990 more"));
}

TEST_CASE("a wrong type says what was expected and what came", "[arguments]") {
  CHECK(said_of(named("", InputType::string), 5) == "arguments.a: expected a string, got 5");
  CHECK(said_of(named("", InputType::integer), "5") == "arguments.a: expected an integer, got the string \"5\"");
  CHECK(said_of(named("", InputType::integer), 5.5) == "arguments.a: expected an integer, got 5.5");
  CHECK(said_of(named("", InputType::integer), true) == "arguments.a: expected an integer, got true");
  CHECK(said_of(named("", InputType::number), json::object({{"x", 1}})) ==
        "arguments.a: expected a number, got an object");
  CHECK(said_of(named("", InputType::boolean), 0) == "arguments.a: expected a boolean, got 0");
  CHECK(said_of(named("", InputType::boolean), json::array()) == "arguments.a: expected a boolean, got an array");
}

TEST_CASE("a long value is not echoed whole", "[arguments]") {
  const std::string message = said_of(named("", InputType::integer), std::string(100'000, 'x'));
  CHECK(message.size() < 150);
}

TEST_CASE("an integer may come with a zero fraction", "[arguments]") {
  CHECK(accepted_as(named("", InputType::integer), 5.0) == Values{{"a", std::int64_t{5}}});
  CHECK(accepted_as(named("", InputType::integer), json::parse("-5e0")).at("a").dump() == "-5");
}

TEST_CASE("integers are exact to the ends of 64 bits and refused beyond", "[arguments]") {
  const InputSettings integer = named("", InputType::integer);
  CHECK(accepted_as(integer, json::parse("9223372036854775807")) == Values{{"a", std::int64_t{9223372036854775807}}});
  CHECK(accepted_as(integer, json::parse("-9223372036854775808")) ==
        Values{{"a", std::numeric_limits<std::int64_t>::min()}});
  CHECK(said_of(integer, json::parse("9223372036854775808")) ==
        "arguments.a: 9223372036854775808 does not fit into 64 bits");
  CHECK(said_of(integer, json::parse("1e19")) == "arguments.a: 1e+19 does not fit into 64 bits");
  CHECK(said_of(integer, json::parse("-1e300")) == "arguments.a: -1e+300 does not fit into 64 bits");
}

TEST_CASE("bounds of large integers are compared exactly", "[arguments]") {
  InputSettings integer = named("", InputType::integer);
  integer.maximum = 9007199254740992.0;  // 2^53: the next integer rounds to it as a double
  CHECK(accepted_as(integer, 9007199254740992).size() == 1);
  CHECK(said_of(integer, 9007199254740993) == "arguments.a: 9007199254740993 is above the maximum of 9007199254740992");
  integer.maximum = 1e300;
  integer.minimum = -1e300;
  CHECK(accepted_as(integer, std::numeric_limits<std::int64_t>::min()).size() == 1);
  CHECK(accepted_as(integer, std::numeric_limits<std::int64_t>::max()).size() == 1);
}

TEST_CASE("numbers obey their bounds on both sides, and integers stay as they came", "[arguments]") {
  InputSettings number = named("", InputType::number);
  number.minimum = 0.5;
  number.maximum = 2;
  CHECK(accepted_as(number, 0.5) == Values{{"a", 0.5}});
  CHECK(accepted_as(number, 2) == Values{{"a", std::int64_t{2}}});
  CHECK(said_of(number, 0.25) == "arguments.a: 0.25 is below the minimum of 0.5");
  CHECK(said_of(number, 0) == "arguments.a: 0 is below the minimum of 0.5");
  CHECK(said_of(number, 3) == "arguments.a: 3 is above the maximum of 2");
  CHECK(said_of(number, 2.5) == "arguments.a: 2.5 is above the maximum of 2");
  CHECK(accepted_as(named("", InputType::number), json::parse("18446744073709551615")).at("a") ==
        18446744073709551615.0);
}

TEST_CASE("lengths are counted in code points, on both sides of both bounds", "[arguments]") {
  InputSettings text = named("", InputType::string);
  text.min_length = 2;
  text.max_length = 3;
  CHECK(accepted_as(text, "é€").size() == 1);
  CHECK(accepted_as(text, "é€😀").size() == 1);
  CHECK(said_of(text, "😀") == "arguments.a: 1 character is shorter than the minimum of 2");
  CHECK(said_of(text, "é€😀x") == "arguments.a: 4 characters is longer than the maximum of 3");
}

TEST_CASE("an enum lists what is allowed", "[arguments]") {
  InputSettings tone = named("", InputType::string);
  tone.one_of = {"formal", "casual"};
  CHECK(accepted_as(tone, "casual").size() == 1);
  CHECK(said_of(tone, "angry") == "arguments.a: \"angry\" is not one of \"formal\", \"casual\"");
  InputSettings size = named("", InputType::number);
  size.one_of = {1.0, 2.5};
  CHECK(accepted_as(size, 1).size() == 1);
  CHECK(accepted_as(size, 2.5).size() == 1);
  CHECK(said_of(size, 2) == "arguments.a: 2 is not one of 1, 2.5");
}

TEST_CASE("a pattern matches anywhere unless it is anchored", "[arguments]") {
  InputSettings id = named("", InputType::string);
  id.pattern = "[0-9]+";
  CHECK(accepted_as(id, "ab12c").size() == 1);
  CHECK(said_of(id, "abc") == "arguments.a: \"abc\" does not match the pattern [0-9]+");
  id.pattern = "^[0-9]+$";
  CHECK(said_of(id, "12\n") == "arguments.a: \"12\\x0a\" does not match the pattern ^[0-9]+$");
}

TEST_CASE("a pattern that explodes elsewhere is decided in linear time", "[arguments]") {
  InputSettings text = named("", InputType::string);
  text.pattern = "^(a+)+$";
  CHECK(accepted_as(text, std::string(100'000, 'a')).size() == 1);
  CHECK_FALSE(said_of(text, std::string(100'000, 'a') + "b").empty());
}

TEST_CASE("a pattern that does not compile says why", "[arguments]") {
  CHECK(pattern_mistake("[a-z]+") == std::nullopt);
  CHECK(pattern_mistake("(") == "missing ): (");
  CHECK(pattern_mistake("(?=a)") == "invalid perl operator: (?=");
}

json random_json(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 8 : 6)) {
    case 0:
      return nullptr;
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return *rc::gen::arbitrary<std::int64_t>();
    case 3:
      return *rc::gen::arbitrary<std::uint64_t>();
    case 4:
      return *rc::gen::arbitrary<double>();
    case 5:
      return *rc::gen::string<std::string>();  // not UTF-8, at times
    case 6: {
      json array = json::array();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) array.push_back(random_json(depth - 1));
      return array;
    }
    default: {
      json object = json::object();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
        object[*rc::gen::element<std::string>("text", "sentences", "flag", "weight", "x", "")] = random_json(depth - 1);
      }
      return object;
    }
  }
}

std::vector<InputSettings> of_every_type() {
  auto inputs = summarise();
  InputSettings flag = named("flag", InputType::boolean);
  flag.required = false;
  InputSettings weight = named("weight", InputType::number);
  weight.required = false;
  weight.minimum = -1.5;
  inputs.push_back(flag);
  inputs.push_back(weight);
  return inputs;
}

TEST_CASE("any JSON is accepted or refused with a reason", "[arguments]") {
  const auto rules = argument_rules(of_every_type());
  CHECK(rc::check("random JSON", [&] {
    const auto values = rules->read(random_json(3));
    if (values) {
      RC_ASSERT(values->count("text") == 1U);
    } else {
      RC_ASSERT(!values.error().message.empty());
      RC_ASSERT(values.error().message.size() < 2'000U);
    }
  }));
}

TEST_CASE("arguments that obey the rules are always accepted, and come out as they went in", "[arguments]") {
  const auto rules = argument_rules(of_every_type());
  CHECK(rc::check("random valid arguments", [&] {
    const auto length = *rc::gen::inRange<std::size_t>(0, 6);
    const auto text = *rc::gen::container<std::string>(length, rc::gen::inRange<char>(' ', '~'));
    const auto sentences = *rc::gen::inRange<std::int64_t>(1, 21);
    const auto flag = *rc::gen::arbitrary<bool>();
    const auto weight = *rc::gen::inRange<int>(-3, 1'000) / 2.0;
    const auto values = rules->read({{"text", text}, {"sentences", sentences}, {"flag", flag}, {"weight", weight}});
    RC_ASSERT(values.has_value());
    RC_ASSERT((*values == Values{{"text", text}, {"sentences", sentences}, {"flag", flag}, {"weight", weight}}));
  }));
}

}  // namespace
}  // namespace weir
