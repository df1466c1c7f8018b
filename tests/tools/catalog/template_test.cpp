#include "tools/catalog/template.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <kainjow/mustache.hpp>
#include <nlohmann/json.hpp>

namespace weir {
namespace {

std::shared_ptr<const Template> parsed(const std::string& text) {
  auto result = Template::parse(text);
  INFO(text);
  if (!result) FAIL(result.error().what);
  return *result;
}

std::string rendered(const std::string& text, const Values& values) {
  const auto result = parsed(text)->render(values);
  REQUIRE(result);
  return *result;
}

TemplateMistake mistake_in(const std::string& text) {
  const auto result = Template::parse(text);
  INFO(text);
  REQUIRE_FALSE(result);
  return result.error();
}

// kainjow's own renderer, where the two agree by intention: texts that are not empty, and no line that holds only tags.
std::string by_kainjow(const std::string& text, const std::map<std::string, std::string>& values) {
  kainjow::mustache::mustache reference(text);
  reference.set_custom_escape([](const std::string& s) { return s; });
  kainjow::mustache::data data;
  for (const auto& [name, value] : values) data.set(name, value);
  return reference.render(data);
}

TEST_CASE("a variable is replaced by its value, in all three ways of writing it", "[template]") {
  CHECK(rendered("<{{a}}|{{{a}}}|{{&a}}|{{ a }}>", {{"a", "x"}}) == "<x|x|x|x>");
}

TEST_CASE("nothing is escaped", "[template]") {
  CHECK(rendered("{{a}} & <b>", {{"a", "AT&T <\"'>"}}) == "AT&T <\"'> & <b>");
}

TEST_CASE("what a caller sends is never read as template text", "[template]") {
  const Values values{{"a", "{{secret}} {{#b}}{{/b}} {{{"}, {"secret", "shown"}, {"b", true}};
  CHECK(rendered("{{a}}", values) == "{{secret}} {{#b}}{{/b}} {{{");
  CHECK(rendered("{{#b}}{{a}}{{/b}}", values) == "{{secret}} {{#b}}{{/b}} {{{");
}

TEST_CASE("numbers and booleans are written as a person would", "[template]") {
  CHECK(rendered("{{a}}", {{"a", std::int64_t{3}}}) == "3");
  CHECK(rendered("{{a}}", {{"a", std::numeric_limits<std::int64_t>::min()}}) == "-9223372036854775808");
  CHECK(rendered("{{a}}", {{"a", 3.0}}) == "3");
  CHECK(rendered("{{a}}", {{"a", 0.1}}) == "0.1");
  CHECK(rendered("{{a}}", {{"a", 1e6}}) == "1000000");
  CHECK(rendered("{{a}}", {{"a", 0.00001}}) == "0.00001");
  CHECK(rendered("{{a}}", {{"a", -0.0}}) == "0");
  CHECK(rendered("{{a}}", {{"a", 1e300}}) == "1e+300");
  CHECK(rendered("{{a}} {{b}}", {{"a", true}, {"b", false}}) == "true false");
}

TEST_CASE("a section shows for true and for a text, not for false, the empty text or what is absent", "[template]") {
  const std::string text = "{{#a}}yes {{a}}{{/a}}{{^a}}no{{/a}}";
  CHECK(rendered(text, {{"a", true}}) == "yes true");
  CHECK(rendered(text, {{"a", "x"}}) == "yes x");
  CHECK(rendered(text, {{"a", false}}) == "no");
  CHECK(rendered(text, {{"a", ""}}) == "no");
  CHECK(rendered(text, {}) == "no");
}

TEST_CASE("what follows a hidden section still shows", "[template]") {
  CHECK(rendered("{{#a}}{{#b}}1{{/b}}2{{/a}}3{{^a}}4{{/a}}5", {{"a", true}}) == "235");
  CHECK(rendered("{{#a}}{{#b}}1{{/b}}2{{/a}}3{{^a}}4{{/a}}5", {{"a", false}}) == "345");
}

TEST_CASE("a tag alone on its line takes the line with it, whether the section shows or not", "[template]") {
  const std::string text = "one\n  {{#a}}  \ntwo\n{{/a}}\n{{! why }}\n\nthree\n";
  CHECK(rendered(text, {{"a", true}}) == "one\ntwo\n\nthree\n");
  CHECK(rendered(text, {{"a", false}}) == "one\n\nthree\n");
  CHECK(rendered("{{#a}}\r\nx\r\n{{/a}}", {{"a", true}}) == "x\r\n");
}

TEST_CASE("a tag beside other text leaves the line as it is", "[template]") {
  CHECK(rendered("one {{#a}}\ntwo{{/a}} \n", {{"a", true}}) == "one \ntwo \n");
  CHECK(rendered("{{a}}\n", {{"a", ""}}) == "\n");
}

TEST_CASE("a comment leaves nothing", "[template]") { CHECK(rendered("a{{! b\n{c} }}d", {}) == "ad"); }

TEST_CASE("the names that a text uses are known, with their lines", "[template]") {
  const auto tags = parsed("{{a}}\n{{#b}}\n{{{c}}}{{/b}}\n{{^ d }}{{/d}}{{!e}}")->tags();
  const std::vector<Template::Tag> expected{{"a", 1, false}, {"b", 2, true}, {"c", 3, false, 1}, {"d", 4, true}};
  CHECK(tags == expected);
}

TEST_CASE("mistakes name their line", "[template]") {
  CHECK(mistake_in("a\nb {{c") == TemplateMistake{2, "\"{{\" is never closed; a tag ends with \"}}\""});
  CHECK(mistake_in("{{{c}} }") == TemplateMistake{1, "\"{{{\" is never closed; a tag ends with \"}}}\""});
  CHECK(mistake_in("\n\n{{#a}}x") ==
        TemplateMistake{3, "section \"a\" has no {{/a}}, or another section's end comes first"});
  CHECK(mistake_in("{{#a}}\n{{#b}}{{/a}}{{/b}}") ==
        TemplateMistake{1, "section \"a\" has no {{/a}}, or another section's end comes first"});
  CHECK(mistake_in("x\n{{/a}}") == TemplateMistake{2, "section \"a\" is closed but was not opened"});
  CHECK(mistake_in("{{>part}}") ==
        TemplateMistake{1, "{{>part}} asks for a partial, and there are none; write its text here"});
  CHECK(mistake_in("{{=<% %>=}}<%a%>") ==
        TemplateMistake{1, "changing the delimiters is not supported; write {{name}}"});
  CHECK(mistake_in("{{ =<% %>= }}").what == "changing the delimiters is not supported; write {{name}}");
  CHECK(mistake_in("{{{=<% %>=}}}").what == "changing the delimiters is not supported; write {{name}}");
}

TEST_CASE("braces at the end of a text are a mistake, not a crash", "[template]") {
  for (const char* text : {"{{", "{{{", "x{{", "{{{{", "{{}", "{{{}}", "{{#", "{{#}}", "{{/}}"}) {
    CHECK_FALSE(Template::parse(text));
  }
  CHECK(rendered("{", {}) == "{");
  CHECK(rendered("}} }", {}) == "}} }");
}

TEST_CASE("sections nest sixteen deep and no deeper", "[template]") {
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += "{{#a}}";
    for (int i = 0; i < depth; ++i) text += "{{/a}}";
    return text;
  };
  CHECK(rendered(nested(16) + nested(16), {}).empty());
  CHECK(mistake_in(nested(17)) == TemplateMistake{1, "sections are nested more than 16 deep"});
  CHECK_FALSE(Template::parse(nested(5'000)));
}

TEST_CASE("a text may have 262144 bytes and no more", "[template]") {
  const std::string most(Template::kTextBytesMax, 'x');
  CHECK(rendered(most, {}) == most);
  CHECK(mistake_in(most + "x").what == "262145 bytes is above the maximum of 262144");
}

TEST_CASE("what is rendered is bounded, at the very byte", "[template]") {
  const auto text = parsed("ab{{a}}{{a}}");
  const Values values{{"a", "123"}};
  CHECK(text->render(values, 8) == "ab123123");
  const auto over = text->render(values, 7);
  REQUIRE_FALSE(over);
  CHECK(over.error() == Error{Fault::bad_input, "the filled prompt would exceed 7 bytes"});
}

TEST_CASE("what stands outside of sections can be rendered alone", "[template]") {
  const auto text = parsed("1{{#a}}2{{a}}{{/a}}3{{^a}}4{{/a}}{{a}}");
  CHECK(text->render_outside_sections({{"a", true}}) == "13true");
}

using nlohmann::json;

TEST_CASE("lists and objects render as JSON, null as nothing", "[template]") {
  CHECK(rendered("{{a}}", {{"a", json::parse(R"([1, {"b": "é\"", "a": null}, 2.5])")}}) ==
        "[1,{\"a\":null,\"b\":\"é\\\"\"},2.5]");
  CHECK(rendered("<{{a}}>", {{"a", nullptr}}) == "<>");
  CHECK(rendered("<{{a}}>", {{"a", json::object()}}) == "<{}>");
}

TEST_CASE("a dotted name leads into objects, and nowhere when a part is missing", "[template]") {
  const Values values{{"order", json::parse(R"({"id": 7, "by": {"name": "Ada"}})")}, {"name", "outer"}};
  CHECK(rendered("{{order.id}} {{order.by.name}}", values) == "7 Ada");
  CHECK(rendered("<{{order.name}}|{{order.id.x}}|{{x.y}}>", values) == "<||>");
  CHECK(rendered("{{#order.by.name}}by {{.}}{{/order.by.name}}", values) == "by Ada");
}

TEST_CASE("a section over a list shows for each item, whose names come before those around", "[template]") {
  const Values values{{"items", json::parse(R"([{"name": "x", "price": 1.5}, {"price": 2}])")}, {"name", "outer"}};
  CHECK(rendered("{{#items}}{{name}}: {{price}}; {{/items}}", values) == "x: 1.5; outer: 2; ");
  CHECK(rendered("{{#l}}<{{.}}>{{/l}}", {{"l", {"a", 2, true, nullptr}}}) == "<a><2><true><>");
  CHECK(rendered("{{#l}}({{#.}}{{.}}{{/.}}){{/l}}", {{"l", json::parse("[[1, 2], [], [3]]")}}) == "(12)()(3)");
  CHECK(rendered("{{#l}}\n- {{.}}\n{{/l}}\nend", {{"l", {"a", "b"}}}) == "- a\n- b\nend");
}

TEST_CASE("a section over an object shows once, within it", "[template]") {
  const Values values{{"by", {{"name", "Ada"}}}, {"name", "outer"}, {"x", "X"}};
  CHECK(rendered("{{#by}}{{name}} {{x}}{{/by}} {{name}}", values) == "Ada X outer");
}

TEST_CASE("the inverted section shows for what is empty, false, null or absent", "[template]") {
  for (const json& value : {json::array(), json::object(), json(""), json(false), json(nullptr)}) {
    INFO(value);
    CHECK(rendered("{{^a}}no{{/a}}{{#a}}yes{{/a}}", {{"a", value}}) == "no");
  }
  for (const json& value : {json::array({nullptr}), json{{"x", 1}}, json("x"), json(true), json(0)}) {
    INFO(value);
    CHECK(rendered("{{^a}}no{{/a}}{{#a}}yes{{/a}}", {{"a", value}}) == "yes");
  }
}

TEST_CASE("lists within lists end at the bound of steps, and say so", "[template]") {
  const Values values{{"l", json(std::vector<int>(1'000, 0))}};
  const auto twice = parsed("{{#l}}{{#l}}{{/l}}{{/l}}")->render(values);
  REQUIRE_FALSE(twice);
  CHECK(twice.error() ==
        Error{Fault::bad_input, "filling the prompt takes more than 1000000 steps; send shorter lists"});
  CHECK(parsed("{{#l}}{{/l}}{{#l}}{{/l}}")->render(values));
  const auto wide = parsed("{{#l}}{{l}}{{/l}}")->render(values, 100'000);
  REQUIRE_FALSE(wide);
  CHECK(wide.error().message == "the filled prompt would exceed 100000 bytes");
}

TEST_CASE("what is inside of a caller's lists and objects is never read as template text", "[template]") {
  CHECK(rendered("{{#l}}{{a}}{{/l}}", {{"l", json::parse(R"([{"a": "{{b}}{{#b}}"}])")}, {"b", "B"}}) == "{{b}}{{#b}}");
}

TEST_CASE("any text is parsed or refused, and what parses renders", "[template]") {
  CHECK(rc::check("random pieces of templates", [] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(
        rc::gen::element<std::string>("{{", "}}", "{", "}", "#", "^", "/", "!", ">", "=", "&", "a", "b", " ", "\n",
                                      "\r\n", "{{a}}", "{{#a}}", "{{/a}}", "{{^b}}", "{{/b}}", "é", "\xff", "|"));
    std::string text;
    for (const auto& piece : pieces) text += piece;
    const auto result = Template::parse(text);
    if (!result) {
      RC_ASSERT(result.error().line >= 1);
      RC_ASSERT(!result.error().what.empty());
      return;
    }
    RC_ASSERT((*result)->render({{"a", true}, {"b", false}}).has_value());
    RC_ASSERT((*result)->render({}).has_value());
  }));
}

TEST_CASE("texts without lines of tags only render as the library renders them", "[template]") {
  CHECK(rc::check("kainjow's renderer as the oracle", [] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(
        rc::gen::element<std::string>("x{{a}}", "{{{b}}}y", "x {{#a}}in {{b}}{{/a}} y", "x{{^a}}out{{/a}}y", "x\ny",
                                      "  x", "{{#a}}{{#b}}z{{/b}}{{/a}}w"));
    const auto value = *rc::gen::nonEmpty(rc::gen::string<std::string>());
    std::string text = ".";
    for (const auto& piece : pieces) text += piece;
    const auto ours = Template::parse(text).value()->render({{"a", value}, {"b", "B {{a}}"}});
    RC_ASSERT(ours.value() == by_kainjow(text, {{"a", value}, {"b", "B {{a}}"}}));
  }));
}

TEST_CASE("an argument comes out byte for byte, whatever it is", "[template]") {
  CHECK(rc::check("rendering never reads the argument", [] {
    const auto value = *rc::gen::string<std::string>();
    const auto braces = *rc::gen::element<std::string>("", "{{b}}", "{{#b}}", "}}", "{{{b}}}", "{{=<% %>=}}");
    const std::string argument = value + braces + value;
    RC_ASSERT(parsed("[{{a}}]{{b}}")->render({{"a", argument}, {"b", "B"}}).value() == "[" + argument + "]B");
  }));
}

}  // namespace
}  // namespace weir
