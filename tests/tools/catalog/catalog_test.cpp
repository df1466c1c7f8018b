#include "tools/catalog/catalog.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace weir {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path);
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

CatalogCheck built(const std::string& toml, const std::string& file = "weir.toml") {
  const auto config = parse_config(toml, file, [](const std::string&) { return std::optional<std::string>("key"); });
  if (!config) FAIL(config.error().front().text());
  return build_catalog(*config, [](const GroupOptions&) { return GroupId{7}; });
}

std::string lines(const std::vector<Mistake>& mistakes) {
  std::string text;
  for (const Mistake& mistake : mistakes) text += mistake.text() + "\n";
  return text;
}

const std::string kModel = R"(
[models.fast]
provider = "openai"
model = "gpt-4.1-nano"
api_key = "env:KEY"
)";

TEST_CASE("each bad file is told its mistakes, word by word", "[catalog]") {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(WEIR_SOURCE_DIR) / "tests/tools/catalog/bad")) {
    if (entry.path().extension() != ".toml") continue;
    ++files;
    INFO(entry.path().filename());
    const CatalogCheck check = built(read(entry.path()), entry.path().filename());
    CHECK(lines(check.mistakes) == read(fs::path(entry.path()).replace_extension(".expected")));
    CHECK(check.catalog == nullptr);
  }
  CHECK(files >= 10);
}

TEST_CASE("each questionable file is warned of, word by word, and usable", "[catalog]") {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(WEIR_SOURCE_DIR) / "tests/tools/catalog/questionable")) {
    if (entry.path().extension() != ".toml") continue;
    ++files;
    INFO(entry.path().filename());
    const CatalogCheck check = built(read(entry.path()), entry.path().filename());
    CHECK(lines(check.mistakes).empty());
    CHECK(lines(check.warnings) == read(fs::path(entry.path()).replace_extension(".expected")));
    CHECK(check.catalog != nullptr);
  }
  CHECK(files >= 3);
}

TEST_CASE("tools are found by name, in the order of their names, and share their model", "[catalog]") {
  const auto check = built(kModel + R"(
[tools.zeta]
description = "Z."
prompt = "z"
[tools.alpha]
description = "A."
prompt = "a {{text}}"
input.text = { type = "string" }
)");
  REQUIRE(lines(check.mistakes).empty());
  const Catalog& catalog = *check.catalog;
  std::vector<std::string> names;
  for (const auto& [name, tool] : catalog.tools()) names.push_back(name);
  CHECK(names == std::vector<std::string>{"alpha", "zeta"});
  CHECK(catalog.find("omega") == nullptr);
  const Tool* alpha = catalog.find("alpha");
  REQUIRE(alpha != nullptr);
  CHECK(alpha->settings().description == "A.");
  CHECK(alpha->input_schema()["required"] == nlohmann::json({"text"}));
  CHECK(alpha->output_schema()["type"] == "object");
  CHECK(alpha->model() == catalog.find("zeta")->model());
  CHECK(alpha->model()->group == 7);
}

TEST_CASE("a model is given its group once, and one that no tool uses gets none", "[catalog]") {
  const auto config = parse_config(kModel + R"(
[models.idle]
provider = "openai"
model = "gpt-4.1"
api_key = "env:KEY"
[tools.a]
description = "A."
model = "fast"
prompt = "a"
[tools.b]
description = "B."
model = "fast"
prompt = "b"
)",
                                   "weir.toml", [](const std::string&) { return std::optional<std::string>("key"); });
  REQUIRE(config);
  std::vector<std::string> asked;
  build_catalog(*config, [&](const GroupOptions& options) {
    asked.push_back(options.name);
    return GroupId{1};
  });
  CHECK(asked == std::vector<std::string>{"fast"});
}

TEST_CASE("settings that config would have refused are mistakes too, not a crash", "[catalog]") {
  Config config;
  config.file = "weir.toml";
  ToolSettings tool;
  tool.name = "x";
  tool.model = "fsat";
  tool.prompt = "{{a}}";
  tool.line = 3;
  InputSettings input;
  input.name = "a";
  input.pattern = "(";
  tool.inputs = {input};
  config.tools["x"] = tool;
  ModelSettings model;
  model.alias = "fast";
  config.models["fast"] = model;
  const auto check = build_catalog(config, [](const GroupOptions&) { return GroupId{1}; });
  CHECK(lines(check.mistakes) ==
        "weir.toml:3: tool \"x\": no model named \"fsat\"; did you mean \"fast\"?\n"
        "weir.toml:3: tool \"x\", input \"a\": pattern \"(\" is not RE2 syntax: missing ): (\n");
}

}  // namespace
}  // namespace weir
