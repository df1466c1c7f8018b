#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <thread>

#include "tools/catalog/catalog.h"

namespace weir {
namespace {

using nlohmann::json;

Config config() {
  Config config;
  config.file = "weir.toml";
  ModelSettings model;
  model.alias = "fast";
  model.model = "m";
  config.models["fast"] = model;
  ToolSettings tool;
  tool.name = "summarise";
  tool.description = "Summarise a text.";
  tool.model = "fast";
  tool.system = "You are brief{{#strict}}, and strict{{/strict}}.";
  tool.prompt = "In {{sentences}} sentences:\n{{text}}";
  tool.max_output_tokens = 400;
  InputSettings text, sentences, strict;
  text.name = "text";
  sentences.name = "sentences";
  sentences.type = InputType::integer;
  sentences.default_value = std::int64_t{3};
  sentences.required = false;
  strict.name = "strict";
  strict.type = InputType::boolean;
  strict.required = false;
  tool.inputs = {sentences, strict, text};
  config.tools["summarise"] = tool;
  return config;
}

std::shared_ptr<const Catalog> catalog() {
  const auto built = build_catalog(config(), [](const GroupOptions&) { return GroupId{1}; });
  REQUIRE(built.mistakes.empty());
  return built.catalog;
}

TEST_CASE("arguments fill both prompts, defaults included", "[fill]") {
  const auto tools = catalog();
  const auto prompt = tools->find("summarise")->fill(json{{"text", "A & B {{sentences}}"}, {"strict", true}});
  REQUIRE(prompt);
  CHECK(prompt->system == "You are brief, and strict.");
  CHECK(prompt->user == "In 3 sentences:\nA & B {{sentences}}");
  CHECK(prompt->max_output_tokens == 400);
}

TEST_CASE("arguments that break a rule fill nothing", "[fill]") {
  const auto tools = catalog();
  const auto prompt = tools->find("summarise")->fill(json{{"sentences", "many"}});
  REQUIRE_FALSE(prompt);
  CHECK(prompt.error() == Error{Fault::bad_input,
                                "arguments.sentences: expected an integer, got the string \"many\"\n"
                                "arguments: missing \"text\" (string)"});
}

TEST_CASE("both prompts together are bounded", "[fill]") {
  Config twice = config();
  twice.tools["summarise"].system += "{{text}}";
  const auto tools = build_catalog(twice, [](const GroupOptions&) { return GroupId{1}; }).catalog;
  CHECK(tools->find("summarise")->fill(json{{"text", std::string(8'000'000, 'x')}}));
  const auto over = tools->find("summarise")->fill(json{{"text", std::string(9'000'000, 'x')}});
  REQUIRE_FALSE(over);
  CHECK(over.error().fault == Fault::bad_input);
}

TEST_CASE("many threads fill one tool at once, each its own prompt", "[fill]") {
  const auto tools = catalog();
  const Tool& tool = *tools->find("summarise");
  std::array<int, 4> right{};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&tool, &mine = right[static_cast<std::size_t>(t)], t] {
      for (int i = 0; i < 500; ++i) {
        const std::string text = std::to_string(t) + "/" + std::to_string(i);
        const auto prompt = tool.fill(json{{"text", text}, {"sentences", i}, {"strict", i % 2 == 0}});
        mine += prompt && prompt->user == "In " + std::to_string(i) + " sentences:\n" + text &&
                prompt->system == (i % 2 == 0 ? "You are brief, and strict." : "You are brief.");
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(right == std::array<int, 4>{500, 500, 500, 500});
}

}  // namespace
}  // namespace weir
