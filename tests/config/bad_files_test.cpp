// Every file in bad/ holds one mistake (many_mistakes.toml: many), and beside it stands the whole message that it must
// give.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/config/samples.h"

namespace weir {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(WEIR_SOURCE_DIR) / "tests/config/bad";

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::set<std::string> stems(const std::string& extension) {
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == extension) found.insert(entry.path().stem().string());
  }
  return found;
}

TEST_CASE("each bad file has its expected message, and each expected message its bad file", "[config]") {
  CHECK(stems(".toml") == stems(".expected"));
  CHECK(stems(".toml").size() >= 100);
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    INFO(entry.path());
    CHECK((entry.path().extension() == ".toml" || entry.path().extension() == ".expected"));
  }
}

TEST_CASE("each bad file gives exactly its expected message", "[config]") {
  for (const std::string& stem : stems(".toml")) {
    INFO(stem);
    const auto config = parse_config(content(kFolder / (stem + ".toml")), stem + ".toml", test_environment);
    REQUIRE_FALSE(config);
    std::string messages;
    for (const Mistake& mistake : config.error()) messages += mistake.text() + '\n';
    CHECK(messages == content(kFolder / (stem + ".expected")));
    CHECK_FALSE(messages.empty());
    CHECK(messages.find(kMarker) == std::string::npos);
  }
}

TEST_CASE("mistakes are reported all at once, ordered by line", "[config]") {
  const auto config = parse_config(content(kFolder / "many_mistakes.toml"), "many.toml", test_environment);
  REQUIRE_FALSE(config);
  CHECK(config.error().size() == 13);
  CHECK(std::is_sorted(config.error().begin(), config.error().end(),
                       [](const Mistake& a, const Mistake& b) { return a.line < b.line; }));
}

}  // namespace
}  // namespace weir
