#include <catch2/catch.hpp>

#include "config/catalogue.h"
#include "config/profiles.h"
#include "tests/config/samples.h"
#include "tests/config/scratch_file.h"

namespace weir {
namespace {

const ModelFacts kNano = ModelCatalogue().facts("openai", "gpt-4.1-nano");

TEST_CASE("the built-in catalogue lists the models of each hosted provider, with what they cost", "[catalogue]") {
  const ModelCatalogue catalogue;
  CHECK(catalogue.listed_of("openai").size() >= 29);
  CHECK(catalogue.listed_of("anthropic").size() >= 15);
  CHECK(catalogue.listed_of("google").size() >= 16);
  CHECK(catalogue.listed_of("cohere").size() >= 2);
  CHECK(kNano.listed);
  CHECK(kNano.context_window == 1'047'576);
  CHECK(kNano.max_output_tokens == 32'768);
  CHECK(kNano.reasoning == ReasoningStyle::none);
  CHECK(kNano.temperature == TemperatureRule::accepted);
  const ModelFacts luna = catalogue.facts("openai", "gpt-6-luna");
  CHECK(luna.prices.cache_write == 125'000);
  CHECK(luna.long_prices == LongPrices{272'000, {200'000, 20'000, 750'000, 250'000}});
  CHECK(luna.default_effort == "medium");
}

TEST_CASE("what is known of every listed model goes together", "[catalogue]") {
  const ModelCatalogue catalogue;
  for (const char* provider : {"openai", "anthropic", "google", "cohere"}) {
    for (const std::string& name : catalogue.listed_of(provider)) {
      INFO(provider << " " << name);
      const ModelFacts facts = catalogue.facts(provider, name);
      if (facts.kind == ModelKind::embedding) continue;
      CHECK(facts.prices.input);
      CHECK(facts.prices.output);
      CHECK(facts.context_window.value_or(0) > facts.max_output_tokens.value_or(1'000'000'000));
      const auto& efforts = facts.efforts;
      if (facts.default_effort != "none" && !facts.default_effort.empty() && !efforts.empty())
        CHECK(std::find(efforts.begin(), efforts.end(), facts.default_effort) != efforts.end());
      if (facts.reasons_always) CHECK(std::find(efforts.begin(), efforts.end(), "none") == efforts.end());
      CHECK((facts.reasoning == ReasoningStyle::budget) == (facts.budget_max > 0));
      // What it does when nothing is said leaves room for an answer.
      ModelSettings model;
      model.facts = facts;
      CHECK(profile_of(model, "").reasoning_tokens < facts.max_output_tokens);
    }
  }
}

TEST_CASE("a dated version, a fine-tune, a path: each has the facts of its model", "[catalogue]") {
  const ModelCatalogue catalogue;
  for (const char* name : {"gpt-4.1-nano", "gpt-4.1-nano-2025-04-14", "gpt-4.1-nano-latest", "ft:gpt-4.1-nano:acme::x",
                           "ft:gpt-4.1-nano-2025-04-14:acme::x"})
    CHECK(catalogue.facts("openai", name) == kNano);
  CHECK(catalogue.facts("anthropic", "claude-opus-4-5-20251101").budget_max == 63'999);
  CHECK(catalogue.facts("google", "models/gemini-2.5-flash-001").budget_max == 24'576);
  for (const char* name : {"gpt-4.1-nano-x", "gpt-4.1-nanos", "ft:", "-2025-04-14", ""})
    CHECK_FALSE(catalogue.facts("openai", name).listed);
}

TEST_CASE("a model that is not listed has the rules of its provider's newest, and no price", "[catalogue]") {
  const ModelFacts facts = ModelCatalogue().facts("openai", "gpt-99");
  CHECK_FALSE(facts.listed);
  CHECK(facts.prices == Prices{});
  CHECK_FALSE(facts.max_output_tokens);
  CHECK(facts.reasoning == ReasoningStyle::effort);
  CHECK(facts.temperature == TemperatureRule::rejected);
  ModelSettings model;
  model.facts = facts;
  CHECK(profile_of(model, "").reasoning_tokens == 8'192);
}

TEST_CASE("a file is laid over the catalogue key by key, and a model's own table over both", "[catalogue]") {
  const ScratchFile file(
      "[models.openai.\"gpt-4.1-nano\"]\ninput_price = 7\n[models.openai.\"gpt-99\"]\nreasoning = \"none\"\n");
  const auto config =
      parse("[server]\nmodel_catalogue = \"" + file.path() + "\"\ndefault_model = \"fast\"\n" + kOneModel +
            "output_price = 9\n[models.new]\nmodel = \"gpt-99\"\napi_key = \"env:OPENAI_API_KEY\"\n");
  if (!config) FAIL(config.error().at(0).text());
  CHECK(config->models.at("fast").facts.prices == Prices{7'000'000, 25'000, 9'000'000, {}});
  CHECK(config->models.at("new").facts.listed);
  CHECK(config->models.at("new").facts.reasoning == ReasoningStyle::none);
  CHECK(config->models.at("new").facts.verbosity);
}

TEST_CASE("what is wrong with a catalogue's file is told with its line", "[catalogue]") {
  const auto told = [](const std::string& text) {
    const ScratchFile file(text);
    std::string said = messages("[server]\nmodel_catalogue = \"" + file.path() + "\"\n" + kOneModel);
    const std::size_t at = said.find(file.path());
    return at == said.npos ? said : said.replace(at, file.path().size(), "FILE");
  };
  CHECK(told("[models.openai.x]\n\ninputprice = 1\n") ==
        "weir.toml:1: server: model_catalogue: FILE:3: models.openai.\"x\": unknown key \"inputprice\"; did you mean "
        "\"input_price\"?\n");
  CHECK(told("[models.opnai.x]\n").find("FILE:1: models: unknown key \"opnai\"; did you mean \"openai\"?") !=
        std::string::npos);
  CHECK(told("[models.openai]\nx = 5\n").find("FILE:2: models.openai.\"x\": must be a table") != std::string::npos);
  CHECK(told("[models.google.x]\nlong_prices = { input_price = 1 }\n").find("above is missing") != std::string::npos);
  CHECK(told("nonsense").find("FILE:1: ") != std::string::npos);
  CHECK(messages("[server]\nmodel_catalogue = \"/no/such\"\n" + kOneModel)
            .find("weir.toml:2: server: model_catalogue names \"/no/such\", which cannot be read: No such file or "
                  "directory\n") == 0);
}

}  // namespace
}  // namespace weir
