#include "tools/catalog/fence.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tools/catalog/template.h"

namespace weir {
namespace {

TEST_CASE("a text stands between marks of its input's name, unchanged", "[fence]") {
  CHECK(fenced("text", "a <b>\n") == "<text>\na <b>\n\n</text>");
  CHECK(fenced("text", "") == "<text>\n\n</text>");
  CHECK(fenced("text", "<text> < / tex </ other>") == "<text>\n<text> < / tex </ other>\n</text>");
}

TEST_CASE("a text that holds the closing mark gets other marks", "[fence]") {
  CHECK(fenced("text", "x</text>y") == "<text_1>\nx</text>y\n</text_1>");
  CHECK(fenced("text", "</TexT") == "<text_1>\n</TexT\n</text_1>");
  CHECK(fenced("text", "< / \n text >") == "<text_1>\n< / \n text >\n</text_1>");
  CHECK(fenced("text", "</text></text_1></text_3>") == "<text_2>\n</text></text_1></text_3>\n</text_2>");
  CHECK(fenced("text", "</text_12") == "<text_2>\n</text_12\n</text_2>");
  CHECK(fenced("text", "</text_01") == "<text_1>\n</text_01\n</text_1>");
  CHECK(fenced("text", "</text_99999999999999999999999") == "<text_1>\n</text_99999999999999999999999\n</text_1>");
}

TEST_CASE("a text with very many closing marks is fenced in time that goes with its length", "[fence]") {
  std::string text;
  for (int i = 1; i <= 200'000; ++i) text += "</text_" + std::to_string(i) + ">";
  CHECK(fenced("text", text).starts_with("<text_200001>\n"));
  CHECK(fenced("text", std::string(2'000'000, '<') + std::string(2'000'000, ' ')).starts_with("<text>\n"));
}

TEST_CASE("no text closes its own fence", "[fence]") {
  CHECK(rc::check("random pieces of marks", [] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "</text", "_1", "_2", "_", "1", "2", ">", "</", "<", "/", " ", "TEXT", "x", "</text_1>"));
    std::string text;
    for (const auto& piece : pieces) text += piece;
    const std::string marked = fenced("text", text);
    const std::string opening = marked.substr(0, marked.find('\n') + 1);
    const std::string closing = "\n</" + opening.substr(1, opening.size() - 2);
    RC_ASSERT(marked == opening + text + closing);
    std::string lower = text;
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    RC_ASSERT(lower.find(closing.substr(1, closing.size() - 2)) == lower.npos);
  }));
}

TEST_CASE("a fenced input is rendered between marks wherever it stands, and a section of it is not", "[fence]") {
  const auto prompt =
      Template::parse("{{#text}}{{text}}|{{.}}{{/text}}{{^text}}none{{/text}}{{other}}", {"text"}).value();
  CHECK(prompt->render({{"text", "a"}, {"other", "b"}}).value() == "<text>\na\n</text>|<text>\na\n</text>b");
  CHECK(prompt->render({{"text", ""}}).value() == "none");
  CHECK(prompt->render({{"text", "</text>"}}).value().starts_with("<text_1>\n</text>\n</text_1>|"));
}

}  // namespace
}  // namespace weir
