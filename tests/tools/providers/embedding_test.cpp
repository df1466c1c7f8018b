#include <catch2/catch.hpp>

#include "tests/fakes/property.h"
#include "tests/tools/providers/golden.h"

namespace weir {
namespace {

using namespace golden;
namespace fs = std::filesystem;

const std::vector<std::string> kProviders = {"openai", "google", "cohere", "openrouter"};

fs::path folder_of(const std::string& provider, const char* kind) {
  return folder("embeddings", provider.c_str()) / kind;
}

EmbedPurpose purpose_of(const std::string& word) {
  if (word == "query") return EmbedPurpose::query;
  if (word == "similarity") return EmbedPurpose::similarity;
  if (word == "classification") return EmbedPurpose::classification;
  if (word == "clustering") return EmbedPurpose::clustering;
  REQUIRE(word == "document");
  return EmbedPurpose::document;
}

// All goldens of answers are of two texts.
Json describe(const tl::expected<Embeddings, CallError>& read) {
  if (!read) return golden::describe(read.error());
  Json json = {{"vectors", read->vectors}, {"model", read->model}, {"request_id", read->request_id}};
  if (read->input_tokens) json["input_tokens"] = *read->input_tokens;
  return json;
}

TEST_CASE("every golden request for embeddings is written as its file says", "[embedding]") {
  for (const std::string& provider : kProviders) {
    const auto all = files(folder_of(provider, "requests"), ".json");
    REQUIRE(all.size() >= 2);
    for (const auto& file : all) {
      const Json golden = Json::parse(slurp(file));
      EmbedPrompt prompt{.texts = golden["texts"].get<std::vector<std::string>>(),
                         .purpose = purpose_of(golden.value("purpose", "document"))};
      if (golden.contains("dimensions")) prompt.dimensions = golden["dimensions"].get<int>();
      const ModelSettings settings = read_settings(golden["settings"]);
      compare(golden::describe(find_embedding_provider(settings.provider)->encode(settings, prompt)),
              fs::path(file).replace_extension(".request"));
    }
  }
}

TEST_CASE("every golden answer with embeddings is read as its file says", "[embedding]") {
  for (const std::string& provider : kProviders) {
    const auto all = files(folder_of(provider, "answers"), ".http");
    REQUIRE(all.size() >= 4);
    for (const auto& file : all)
      compare(describe(find_embedding_provider(provider)->decode(read_http(file), 2)),
              fs::path(file).replace_extension(".json"));
  }
}

TEST_CASE("as many vectors as texts are read; one more or fewer is a bad reply", "[embedding]") {
  for (const std::string& provider : kProviders) {
    const HttpResponse answer = read_http(folder_of(provider, "answers") / "plain.http");
    const auto decode = find_embedding_provider(provider)->decode;
    CHECK(decode(answer, 2).has_value());
    for (const std::size_t texts : {0U, 1U, 3U}) {
      const auto read = decode(answer, texts);
      INFO(provider << ' ' << texts);
      REQUIRE_FALSE(read.has_value());
      CHECK(read.error().error.fault == Fault::bad_reply);
      CHECK(read.error().ending == Ending::broken);
    }
  }
}

TEST_CASE("as many texts as one request takes fit into what is read of an answer", "[embedding]") {
  for (const std::string& provider : kProviders) {
    const EmbeddingProvider& embeds = *find_embedding_provider(provider);
    CHECK(embeds.encode({}, {}).response_bytes_max > (16 << 20));
    if (provider != "openai") continue;
    std::string vector = "[0.0123456789";
    for (int i = 1; i < 3072; ++i) vector += ",0.0123456789";
    std::string body = R"({"data":[)";
    for (std::size_t i = 0; i < embeds.texts_max; ++i)
      body += (i > 0 ? "," : "") + std::string(R"({"embedding":)") + vector + "]}";
    CHECK(static_cast<std::int64_t>(body.size()) < embeds.encode({}, {}).response_bytes_max);
    CHECK(embeds.decode({200, {}, body + "]}"}, embeds.texts_max).has_value());
  }
}

TEST_CASE("whatever bytes come, embeddings are read or refused, all of one length", "[embedding]") {
  for (const std::string& provider : kProviders) {
    std::vector<HttpResponse> answers;
    for (const auto& file : files(folder_of(provider, "answers"), ".http")) answers.push_back(read_http(file));
    fakes::property("total: " + provider, [&] {
      HttpResponse answer = answers[*rc::gen::inRange<std::size_t>(0, answers.size())];
      const auto at = *rc::gen::inRange<std::size_t>(0, answer.body.size() + 1);
      answer.body.replace(at, *rc::gen::inRange<std::size_t>(0, 9),
                          *rc::gen::element<std::string>("", "{", "]", "null", "-1", "1e999", "\"", "[]", "7"));
      const auto read = find_embedding_provider(provider)->decode(answer, 2);
      if (!read) RC_ASSERT(!read.error().error.message.empty());
      if (read) RC_ASSERT(read->vectors.size() == 2U && read->vectors[0].size() == read->vectors[1].size());
      if (read && read->input_tokens) RC_ASSERT(*read->input_tokens >= 0);
    });
  }
}

TEST_CASE("who does not embed has no row", "[embedding]") {
  CHECK(find_embedding_provider("compatible") != nullptr);
  CHECK(find_embedding_provider("anthropic") == nullptr);
  CHECK(find_embedding_provider("") == nullptr);
}

}  // namespace
}  // namespace weir
