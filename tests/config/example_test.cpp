#include <catch2/catch.hpp>

#include "tests/config/samples.h"

namespace weir {
namespace {

TEST_CASE("the example configuration is right, and has a summarise tool on the model fast", "[config]") {
  const auto config = load_config(std::string(WEIR_SOURCE_DIR) + "/examples/weir.toml", test_environment);
  if (!config) FAIL(config.error().at(0).text());
  const ModelSettings& fast = config->models.at("fast");
  CHECK(fast.model == "gpt-4.1-nano");
  CHECK(fast.facts.prices == Prices{100'000, 25'000, 400'000});
  const ToolSettings& summarise = config->tools.at("summarise");
  CHECK(summarise.model == "fast");
  REQUIRE(summarise.inputs.size() == 2);
  CHECK(summarise.inputs[0].name == "sentences");
  CHECK(summarise.inputs[0].default_value == InputValue(std::int64_t{3}));
  CHECK(summarise.inputs[1].name == "text");
  CHECK(summarise.inputs[1].required);
}

TEST_CASE("the example of limits is right, and shows what its comments say", "[config]") {
  const auto config = load_config(std::string(WEIR_SOURCE_DIR) + "/examples/limits.toml", test_environment);
  if (!config) FAIL(config.error().at(0).text());
  CHECK(config->server.limits_tool);
  CHECK(config->clients.at("pipeline").priority == Priority::batch);
  CHECK(client_limits(*config, "pipeline", "careful").at(0).amount == 60);
  CHECK(client_limits(*config, "somebody", "fast").at(0).amount == 30);
  CHECK(config->models.at("careful").limits.at(0).shape == LimitShape::rolling);
}

TEST_CASE("the example's tools all fit their model: prompt and answer are below its token burst", "[config]") {
  const auto config = load_config(std::string(WEIR_SOURCE_DIR) + "/examples/weir.toml", test_environment);
  REQUIRE(config);
  for (const auto& [name, tool] : config->tools) {
    INFO(name);
    std::int64_t bytes = static_cast<std::int64_t>(tool.system.size() + tool.prompt.size());
    for (const InputSettings& input : tool.inputs) {
      if (input.type == InputType::string) {
        REQUIRE((input.max_length || !input.one_of.empty()));
        bytes += input.max_length.value_or(100);
      }
    }
    REQUIRE(tool.model == "fast");
    CHECK(bytes / 3 + tool.max_output_tokens < limit_of_fast(*config, "tpm")->burst);
  }
}

TEST_CASE("each example of models and profiles is right", "[config]") {
  const auto environment = [](const std::string& name) { return std::optional("sk-" + name); };
  for (const char* name : {"tiered", "multi_model", "thinking", "effort"}) {
    INFO(name);
    const auto config = load_config(std::string(WEIR_SOURCE_DIR) + "/examples/" + name + ".toml", environment);
    if (!config) FAIL(config.error().at(0).text());
    for (const auto& [alias, model] : config->models) CHECK(model.facts.listed);
  }
}

}  // namespace
}  // namespace weir
