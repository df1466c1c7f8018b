// Flights of texts that are to be embedded: as all others, by the table of those who embed.
#include <catch2/catch.hpp>

#include "tests/tools/flight_field.h"
#include "tools/flight.h"
#include "tools/providers/embedding.h"

namespace weir {
namespace {
using namespace std::chrono_literals;
using Field = fakes::FlightField;

HttpResponse vectors(std::int64_t tokens) {
  return {
      200,
      {{"x-ratelimit-remaining-requests", "7"}},
      R"({"model":"e-1","data":[{"index":1,"embedding":[0.5,1]},{"index":0,"embedding":[-1,0]}],"usage":{"prompt_tokens":)" +
          std::to_string(tokens) + "}}"};
}

Job embedding(Field& f, std::vector<std::string> texts) {
  Job job = f.job();
  job.prompt = Prompt{};
  job.prompt.embed = std::make_shared<const EmbedPrompt>(EmbedPrompt{.texts = std::move(texts)});
  return job;
}

std::unique_ptr<Flight> fly(Field& f, Job job) {
  return start_flight(f.air, std::move(job), [&f](Landing landing) { f.landings.push_back(std::move(landing)); });
}

TEST_CASE("texts are reserved by their size, and charged as the provider counts them", "[flight]") {
  Field f;
  const Job job = embedding(f, {std::string(300, 'a'), std::string(300, 'b')});
  const std::int64_t expected = estimate(job.prompt).input_tokens;
  CHECK(expected >= 200);
  CHECK(estimate(job.prompt).output_tokens == 0);
  const auto flight = fly(f, job);
  REQUIRE(f.http.count() == 1);
  CHECK(f.http[0].request.url == "http://provider/v1/embeddings");
  CHECK_FALSE(f.http[0].piece);  // never streamed
  CHECK(f.tokens_charged() == expected);
  f.http.answer(0, vectors(150));
  REQUIRE(f.landings.size() == 1);
  const auto& completion = std::get<Completion>(f.landings[0].outcome);
  CHECK(completion.vectors == std::vector<std::vector<float>>{{-1, 0}, {0.5F, 1}});
  CHECK(completion.finish == Finish::stop);
  CHECK(completion.model == "e-1");
  CHECK(f.landings[0].receipt.used == TokenCounts{.input = 150});
  CHECK(f.landings[0].receipt.cost_picodollars == 150 * 2);
  CHECK(f.tokens_charged() == 150);
  CHECK(f.gate.state().slots_taken == 0);
}

TEST_CASE("embedding is tried again as any call, and told why not", "[flight]") {
  Field f;
  f.model->settings.max_attempts = 2;
  const auto flight = fly(f, embedding(f, {"a", "b"}));
  f.http.answer(0, HttpResponse{503, {}, R"({"error":{"message":"busy"}})"});
  f.loop.run_for(60s);
  REQUIRE(f.http.count() == 2);
  SECTION("it comes") {
    f.http.answer(1, vectors(4));
    CHECK(std::holds_alternative<Completion>(f.landings.at(0).outcome));
    CHECK(f.landings[0].receipt.attempts == 2);
  }
  SECTION("a vector is missing") {
    f.http.answer(1, HttpResponse{200, {}, R"({"data":[{"embedding":[1]}]})"});
    CHECK(f.error().fault == Fault::bad_reply);
  }
}

TEST_CASE("a provider that does not embed, no text, and a text too many are bad input", "[flight]") {
  Field f;
  Job job = embedding(f, {"a"});
  std::vector<std::string> texts;
  std::string what;
  SECTION("provider") {
    f.model->settings.provider = "anthropic";
    what = "the provider \"anthropic\" does not embed texts";
  }
  SECTION("none") {
    job = embedding(f, {});
    what = "0 texts in one request; 1 to 512 can be embedded at once";
  }
  SECTION("too many") {
    job = embedding(f, std::vector<std::string>(513, "a"));
    what = "513 texts in one request; 1 to 512 can be embedded at once";
  }
  const auto flight = fly(f, job);
  f.loop.run_all();
  CHECK(f.error() == Error{Fault::bad_input, "model \"fast\": " + what});
  CHECK(f.http.count() == 0);
}

TEST_CASE("as many texts as a request takes go at once", "[flight]") {
  Field f;
  const auto flight = fly(f, embedding(f, std::vector<std::string>(512, "a")));
  CHECK(f.http.count() == 1);
}

TEST_CASE("Cohere embeds, though it answers no prompts", "[flight]") {
  Field f;
  f.model->settings.provider = "cohere";
  const auto flight = fly(f, embedding(f, {"a"}));
  REQUIRE(f.http.count() == 1);
  f.http.answer(
      0,
      HttpResponse{200, {}, R"({"id":"r","embeddings":{"float":[[1,2]]},"meta":{"billed_units":{"input_tokens":3}}})"});
  CHECK(std::get<Completion>(f.landings.at(0).outcome).vectors.size() == 1);
  CHECK(f.landings[0].receipt.used.input == 3);
}

TEST_CASE("an embedding without usage keeps what was reserved", "[flight]") {
  Field f;
  const Job job = embedding(f, {std::string(300, 'a')});
  const auto flight = fly(f, job);
  f.http.answer(0, HttpResponse{200, {}, R"({"data":[{"embedding":[1]}]})"});
  CHECK_FALSE(f.landings.at(0).receipt.usage_known);
  CHECK(f.tokens_charged() == estimate(job.prompt).input_tokens);
}

std::vector<std::size_t> sizes(const std::vector<std::vector<std::string>>& batches) {
  std::vector<std::size_t> sizes;
  for (const auto& batch : batches) sizes.push_back(batch.size());
  return sizes;
}

TEST_CASE("texts are cut into requests that the provider takes, in their order", "[flight]") {
  ModelSettings model;
  model.provider = "cohere";
  CHECK(sizes(in_batches(model, std::vector<std::string>(96, "a"))) == std::vector<std::size_t>{96});
  CHECK(sizes(in_batches(model, std::vector<std::string>(97, "a"))) == std::vector<std::size_t>{96, 1});
  CHECK(in_batches(model, {}).empty());
  std::vector<std::string> texts;
  for (int i = 0; i < 250; ++i) texts.push_back(std::to_string(i));
  std::vector<std::string> again;
  for (const auto& batch : in_batches(model, texts)) again.insert(again.end(), batch.begin(), batch.end());
  CHECK(again == texts);
  model.provider = "openai";  // 300,000 tokens
  const std::string tenth(3 * (30'000 - 2), 'a');
  CHECK(sizes(in_batches(model, std::vector<std::string>(10, tenth))) == std::vector<std::size_t>{10});
  CHECK(sizes(in_batches(model, std::vector<std::string>(11, tenth))) == std::vector<std::size_t>{10, 1});
  model.provider = "anthropic";
  CHECK(in_batches(model, {"a"}).empty());
}

TEST_CASE("a batch fits the smallest burst of the model's tokens; a text that does not goes alone", "[flight]") {
  ModelSettings model;
  model.provider = "compatible";
  model.limits = {fakes::per_minute("rpm", LimitCounts::requests, 1, 1),
                  fakes::per_minute("tpm", LimitCounts::tokens, 1'000, 24)};
  const std::string eight(18, 'a');  // 6 tokens, and 2 around it
  CHECK(sizes(in_batches(model, {eight, eight, eight})) == std::vector<std::size_t>{3});
  CHECK(sizes(in_batches(model, {eight, eight, eight + "a"})) == std::vector<std::size_t>{2, 1});
  CHECK(sizes(in_batches(model, {eight, std::string(300, 'b'), eight})) == std::vector<std::size_t>{1, 1, 1});
}

}  // namespace
}  // namespace weir
