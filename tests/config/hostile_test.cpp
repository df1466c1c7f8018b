// A configuration may be anything: parse_config() answers with mistakes, and neither crashes nor throws.
#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "config/depth.h"
#include "tests/config/samples.h"

namespace weir {
namespace {

std::string example() {
  std::ifstream file(std::string(WEIR_SOURCE_DIR) + "/examples/weir.toml");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Either a configuration or at least one mistake, each with a message of one line.
bool is_an_answer(const std::string& toml) {
  const auto config = parse(toml);
  if (config) return true;
  for (const Mistake& mistake : config.error()) {
    if (mistake.what.empty() || mistake.text().find('\n') != std::string::npos) return false;
  }
  return !config.error().empty();
}

TEST_CASE("random bytes get an answer", "[hostile]") {
  CHECK(rc::check([] { RC_ASSERT(is_an_answer(*rc::gen::arbitrary<std::string>())); }));
}

TEST_CASE("a configuration with bytes changed, cut or doubled gets an answer", "[hostile]") {
  const std::string original = example();
  REQUIRE(original.size() > 1000);
  const std::string signs = "\"'\\[]{}=.,#\n\r\t -_0e+\xff";
  CHECK(rc::check([&] {
    std::string toml = original;
    const int changes = *rc::gen::inRange(1, 6);
    for (int i = 0; i < changes && !toml.empty(); ++i) {
      const auto at = *rc::gen::inRange<std::size_t>(0, toml.size());
      const auto length = *rc::gen::inRange<std::size_t>(1, 40);
      switch (*rc::gen::inRange(0, 4)) {
        case 0:
          toml[at] = *rc::gen::elementOf(signs);
          break;
        case 1:
          toml.insert(at, 1, *rc::gen::elementOf(signs));
          break;
        case 2:
          toml.erase(at, length);
          break;
        default:
          toml.insert(*rc::gen::inRange<std::size_t>(0, toml.size()), toml.substr(at, length));
          break;
      }
    }
    RC_ASSERT(is_an_answer(toml));
  }));
}

TEST_CASE("pieces of TOML in any order get an answer", "[hostile]") {
  const std::vector<std::string> pieces = {
      "[",   "]",      "[[",   "]]",           "models", "tools", "server", ".",  "fast",    "=",
      "\"",  "\"\"\"", "'",    "'''",          "{",      "}",     ",",      "\n", "#",       "1",
      "1.5", "inf",    "true", "2026-07-28",   "input",  "enum",  " ",      "\\", "\\u0000", "\\UFFFFFFFF",
      "0x",  "1e400",  "\r\n", "\xef\xbb\xbf", "type"};
  CHECK(rc::check([&] {
    std::string toml;
    for (const std::string& piece : *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces)))
      toml += piece;
    RC_ASSERT(is_an_answer(toml));
  }));
}

TEST_CASE("text nested a million deep gets an answer", "[hostile]") {
  const auto repeat = [](const std::string& piece) {
    std::string text;
    while (text.size() < 1'000'000) text += piece;
    return text;
  };
  for (const std::string& toml : {repeat("a.") + "a=1", '[' + repeat("a.") + "a]", "a=" + repeat("["),
                                  "a=" + repeat("{a="), "a=" + repeat("[[{a="), repeat("\"a\" . 'b'.") + "c=1",
                                  repeat("[a.a.a.a]\n"), repeat("[[a]]\n"), "a=" + repeat("{a.a.a.a.a.a.a=")}) {
    CHECK(is_an_answer(toml));
  }
}

TEST_CASE("a key may have 16 parts and brackets may nest 32 deep, one more is too deep", "[hostile]") {
  const auto key = [](int parts) {
    std::string text = "a";
    for (int i = 1; i < parts; ++i) text += ".a";
    return text + " = 1";
  };
  CHECK_FALSE(line_of_excess_depth(key(16), 16, 32));
  CHECK(line_of_excess_depth("\n" + key(17), 16, 32) == 2);
  CHECK_FALSE(line_of_excess_depth(std::string(32, '['), 16, 32));
  CHECK(line_of_excess_depth(std::string(33, '['), 16, 32) == 1);
}

TEST_CASE("dots and brackets in strings and comments nest nothing", "[hostile]") {
  const std::string deep = std::string(50, '.') + std::string(50, '[');
  for (const std::string& toml :
       {"a = \"" + deep + "\"", "a = '" + deep + "'", "# " + deep, "a = \"\"\"\n" + deep + "\"\n" + deep + "\"\"\"",
        "a = '''\n" + deep + "''\n" + deep + "'''", "a = \"\\\"" + deep + "\"",
        "a = \"\"\"x\"\"\"\"\"\nb = \"" + deep + '"'}) {
    INFO(toml);
    CHECK_FALSE(line_of_excess_depth(toml, 16, 32));
  }
}

TEST_CASE("a thousand mistakes are reported, and that there may be more", "[hostile]") {
  const auto unknown_keys = [](int n) {
    std::string toml;
    for (int i = 0; i < n; ++i) toml += "zzzzzz" + std::to_string(i) + " = 1\n";
    return toml + kOneModel;
  };
  const auto below = parse(unknown_keys(999)), at = parse(unknown_keys(1'000)), above = parse(unknown_keys(100'000));
  REQUIRE_FALSE(below);
  REQUIRE_FALSE(at);
  REQUIRE_FALSE(above);
  CHECK(below.error().size() == 999);
  CHECK(at.error().size() == 1'001);
  CHECK(above.error() == at.error());
  CHECK(at.error().back().text() == "weir.toml:1000: 1000 mistakes are reported; there may be more");
}

TEST_CASE("a message shows control characters as numbers and cuts long text", "[hostile]") {
  CHECK(messages("\"\\u001b[31m\\n\" = 1\n" + kOneModel) ==
        "weir.toml:1: top level: unknown key \"\\x1b[31m\\x0a\"; known are \"server\", \"auth\", \"ledger\", "
        "\"metrics\", \"tracing\", \"clients\", "
        "\"client_defaults\", \"models\", \"tools\"\n");
  CHECK(messages(std::string(100'000, 'k') + " = 1\n" + kOneModel).size() < 250);
}

}  // namespace
}  // namespace weir
