// Schemas as Pydantic 2 and Zod 4 write them, each in a file with a prompt, calls that are right and calls that are
// not.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tools/catalog/arguments.h"
#include "tools/catalog/tags.h"

namespace weir {
namespace {

using nlohmann::json;

struct Generated {
  std::string name;
  json file;
  std::shared_ptr<const ArgumentRules> rules;
  std::shared_ptr<const Template> prompt;
};

std::vector<Generated> all_generated() {
  std::vector<Generated> all;
  const auto folder = std::filesystem::path(WEIR_SOURCE_DIR) / "tests/tools/catalog/generated";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    Generated each{entry.path().filename(), json::parse(std::ifstream(entry.path())), nullptr, nullptr};
    INFO(each.name);
    ToolSettings tool;
    tool.input_schema = each.file.at("schema").dump();
    auto rules = argument_rules(tool);
    if (!rules) FAIL(rules.error().front());
    each.rules = *rules;
    each.prompt = Template::parse(each.file.at("prompt").get<std::string>()).value();
    all.push_back(std::move(each));
  }
  REQUIRE(all.size() >= 16);
  return all;
}

TEST_CASE("schemas of Pydantic and Zod compile as they are, and templates find their names in them", "[generated]") {
  for (const Generated& each : all_generated()) {
    INFO(each.name);
    for (const TemplateMistake& mistake : check_tags(*each.prompt, each.rules->schema()).mistakes)
      FAIL_CHECK(mistake.what);
    CHECK(each.rules->schema().at("type") == "object");
    CHECK_FALSE(each.rules->schema().contains("$ref"));
  }
}

TEST_CASE("right arguments of generated schemas fill the prompt, defaults included", "[generated]") {
  for (const Generated& each : all_generated()) {
    for (const json& call : each.file.at("good")) {
      INFO(each.name << " " << call["arguments"]);
      const auto values = each.rules->read(call["arguments"]);
      if (!values) FAIL_CHECK(values.error().message);
      if (values) CHECK(each.prompt->render(*values).value() == call["prompt"]);
    }
  }
}

TEST_CASE("wrong arguments of generated schemas are told with their place and rule", "[generated]") {
  for (const Generated& each : all_generated()) {
    for (const json& call : each.file.at("bad")) {
      INFO(each.name << " " << call["arguments"]);
      const auto values = each.rules->read(call["arguments"]);
      REQUIRE_FALSE(values);
      CHECK(values.error().fault == Fault::bad_input);
      CHECK(values.error().message == call["message"]);
    }
  }
}

}  // namespace
}  // namespace weir
