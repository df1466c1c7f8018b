#include "tools/cache/answer_key.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "tools/cache/packing.h"
#include "tools/providers/embedding.h"

namespace weir {
namespace {

struct Question {
  ModelSettings model;
  Prompt prompt;
  std::string name_space = "default";

  explicit Question(const std::string& provider = "openai") {
    model.alias = "fast";
    model.provider = provider;
    model.model = "m-1";
    model.base_url = "https://api.example.com/v1";
    model.api_key = Secret("sk-one", "env:ONE");
    model.facts.logprobs = true;
    model.facts.verbosity = true;
    model.facts.reasoning = ReasoningStyle::effort;
    model.facts.efforts = {"low", "high"};
    prompt.system = "Be brief.";
    prompt.user = "Hello";
  }
  AnswerKey key() const {
    const auto key = answer_key(model, prompt, name_space);
    REQUIRE(key.has_value());
    return *key;
  }
  AnswerKey with(const std::function<void(Question&)>& change) const {
    Question other = *this;
    change(other);
    return other.key();
  }
};

std::shared_ptr<const AnswerFormat> format(const char* wire, const char* own) {
  return std::make_shared<const AnswerFormat>(
      AnswerFormat{.name = "t",
                   .wire = std::make_shared<const nlohmann::ordered_json>(nlohmann::ordered_json::parse(wire)),
                   .schema = own});
}
std::shared_ptr<const EmbedPrompt> texts(std::vector<std::string> texts, EmbedPurpose purpose = EmbedPurpose::document,
                                         std::optional<int> dimensions = {}) {
  return std::make_shared<const EmbedPrompt>(EmbedPrompt{std::move(texts), purpose, dimensions});
}

TEST_CASE("all that shapes an answer changes its key", "[cache]") {
  const Question question;
  std::set<AnswerKey> keys = {question.key()};
  const auto other = [&](const std::function<void(Question&)>& change) {
    return keys.insert(question.with(change)).second;
  };
  CHECK(other([](Question& q) { q.model.provider = "compatible"; }));
  CHECK(other([](Question& q) { q.model.provider = "openrouter"; }));
  CHECK(other([](Question& q) { q.model.api = "responses"; }));
  CHECK(other([](Question& q) { q.model.model = "m-2"; }));
  CHECK(other([](Question& q) { q.model.base_url = "https://api.example.com/v2"; }));
  CHECK(other([](Question& q) { q.prompt.system = "Be long."; }));
  CHECK(other([](Question& q) { q.prompt.system = ""; }));
  CHECK(other([](Question& q) { q.prompt.user = "Hello "; }));
  CHECK(other([](Question& q) {
    q.prompt.shots = std::make_shared<const std::vector<Shot>>(std::vector<Shot>{{"a", "b"}});
  }));
  CHECK(other([](Question& q) {
    q.prompt.shots = std::make_shared<const std::vector<Shot>>(std::vector<Shot>{{"a", "c"}});
  }));
  CHECK(other([](Question& q) { q.prompt.max_output_tokens = 511; }));
  CHECK(other([](Question& q) { q.prompt.profile.effort = "low"; }));
  CHECK(other([](Question& q) { q.prompt.profile.effort = "high"; }));
  CHECK(other([](Question& q) { q.prompt.profile.verbosity = "low"; }));
  CHECK(other([](Question& q) { q.prompt.profile.reasoning_tokens = 1'000; }));
  CHECK(other([](Question& q) { q.prompt.format = format(R"({"type":"object"})", "own"); }));
  CHECK(other([](Question& q) { q.prompt.format = format(R"({"type":"array"})", "own"); }));
  CHECK(other([](Question& q) { q.prompt.format = format(R"({"type":"object"})", "another"); }));
  CHECK(other([](Question& q) { q.prompt.temperature = 0.5; }));
  CHECK(other([](Question& q) { q.prompt.temperature = 0; }));
  CHECK(other([](Question& q) { q.prompt.top_logprobs = 5; }));
  CHECK(other([](Question& q) { q.name_space = "reports"; }));
}

TEST_CASE("a budget for thinking changes the key, and so does what is embedded", "[cache]") {
  Question claude("anthropic");
  claude.model.facts.reasoning = ReasoningStyle::budget;
  claude.model.facts.budget_min = 1'024;
  claude.model.facts.budget_max = 32'000;
  std::set<AnswerKey> thoughts = {claude.key()};
  for (const std::int64_t budget : {2'048, 4'096})
    CHECK(thoughts.insert(claude.with([&](Question& q) { q.prompt.profile.thinking_budget = budget; })).second);

  const Question cohere("cohere");
  std::set<AnswerKey> keys;
  const auto other = [&](std::shared_ptr<const EmbedPrompt> embed) {
    return keys.insert(cohere.with([&](Question& q) { q.prompt.embed = embed; })).second;
  };
  CHECK(other(texts({"a", "b"})));
  CHECK(other(texts({"b", "a"})));
  CHECK(other(texts({"ab"})));
  CHECK(other(texts({"a", "b"}, EmbedPurpose::query)));
  CHECK(other(texts({"a", "b"}, EmbedPurpose::document, 256)));
  CHECK(other(texts({"a", "b"}, EmbedPurpose::document, 512)));
  CHECK_FALSE(other(texts({"a", "b"})));
}

TEST_CASE("who asks, by which key and under which alias, does not change a key", "[cache]") {
  const Question question;
  CHECK(question.with([](Question& q) { q.model.api_key = Secret("sk-two", "env:TWO"); }) == question.key());
  CHECK(question.with([](Question& q) { q.model.alias = "quick"; }) == question.key());
  CHECK(question.with([](Question& q) { q.prompt.profile.name = "other"; }) == question.key());
}

TEST_CASE("a provider that cannot be asked has no keys", "[cache]") {
  Question question("cohere");
  CHECK_FALSE(answer_key(question.model, question.prompt, "default").has_value());
  question.model.provider = "anthropic";
  question.prompt.embed = texts({"a"});
  CHECK_FALSE(answer_key(question.model, question.prompt, "default").has_value());
}

TEST_CASE("what is packed unpacks, and what was cut or grown is not whole", "[cache]") {
  Packer packer;
  packer.number(0xfedcba9876543210);
  packer.text("ab");
  packer.real(-0.5);
  const std::string bytes = packer.bytes();
  CHECK(bytes.size() == 8 + 8 + 2 + 8);
  const auto read = [](std::string_view from) {
    Unpacker unpacker(from);
    unpacker.number();
    unpacker.text();
    unpacker.real();
    return unpacker.whole();
  };
  Unpacker whole(bytes);
  CHECK(whole.number() == 0xfedcba9876543210);
  CHECK(whole.text() == "ab");
  CHECK(whole.real() == -0.5);
  CHECK(whole.whole());
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(read(bytes.substr(0, size)));
  CHECK_FALSE(read(bytes + "x"));
  Unpacker many(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff", 8));
  CHECK(many.count(8) == 0);
  CHECK_FALSE(many.whole());
}

}  // namespace
}  // namespace weir
