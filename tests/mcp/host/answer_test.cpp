#include "mcp/weir/answer.h"

#include "tests/mcp/host/tools.h"
#include "tools/operators/answers.h"

using namespace weir;
using namespace weir::mcp;
using namespace std::chrono_literals;

namespace {

struct Scene {
  std::shared_ptr<const Catalog> catalog = one_tool([](const GroupOptions&) { return 0; });
  const Tool& tool = *catalog->find("summarise");
  ToolResult answered(std::variant<Completion, Refusal, Error> outcome, Receipt receipt = {}) const {
    return answer(tool, answer_of(tool, {std::move(outcome), receipt}));
  }
};

Completion completion(std::string text, Finish finish = Finish::stop) {
  return {.text = std::move(text), .finish = finish, .usage = {}, .model = "m-1", .request_id = ""};
}

}  // namespace

TEST_CASE("an answer is the same as text and as structured content", "[answer]") {
  const Scene scene;
  const ToolResult result = scene.answered(completion("Short."));
  CHECK_FALSE(result.is_error);
  CHECK(result.content == Json::parse(R"([{"type":"text","text":"Short."}])"));
  CHECK(*result.structured == Json::parse(R"({"text":"Short.","model":"m-1","finish":"stop","truncated":false})"));
}

TEST_CASE("an answer that was cut says so in both", "[answer]") {
  const Scene scene;
  const ToolResult result = scene.answered(completion("Half an ans", Finish::length));
  CHECK_FALSE(result.is_error);
  CHECK(result.content[1]["text"] == "(The answer was cut at max_output_tokens = 100.)");
  CHECK((*result.structured)["truncated"] == true);
}

TEST_CASE("no answer at all is an error: nothing, cut before the first word, refused, filtered", "[answer]") {
  const Scene scene;
  const auto said = [&](Completion answer) {
    const ToolResult result = scene.answered(std::move(answer));
    CHECK(result.is_error);
    CHECK_FALSE(result.structured);
    return result.content[0]["text"].get<std::string>();
  };
  CHECK(said(completion("")) == "tool \"summarise\": the model answered nothing");
  CHECK(said(completion("", Finish::length)) ==
        "tool \"summarise\": the answer was cut before its first word at max_output_tokens = 100");
  CHECK(said(completion("I cannot.", Finish::refusal)) == "tool \"summarise\": the model refused to answer: I cannot.");
  CHECK(said(completion("", Finish::filter)) ==
        "tool \"summarise\": the model was stopped by the provider's content filter");
}

TEST_CASE("an answer by schema is the structured content itself; one that was cut is of no use", "[answer]") {
  const std::string schema = "output_schema = { type = \"object\", properties.n = { type = \"integer\" } }\n";
  const auto catalog = one_tool([](const GroupOptions&) { return 0; }, schema);
  const Tool& tool = *catalog->find("summarise");
  const ToolResult good = answer(tool, answer_of(tool, {completion(R"({"n":5})"), {}}));
  CHECK_FALSE(good.is_error);
  CHECK(*good.structured == Json::parse(R"({"n":5})"));
  CHECK(good.content == Json::parse(R"([{"type":"text","text":"{\"n\":5}"}])"));
  const ToolResult cut = answer(tool, answer_of(tool, {completion(R"({"n":)", Finish::length), {}}));
  CHECK(cut.is_error);
  CHECK_FALSE(cut.structured);
  CHECK(cut.content[0]["text"] ==
        "tool \"summarise\": the answer was cut at max_output_tokens = 100, and is no whole JSON; it begins: {\"n\":");
}

TEST_CASE("an answer that reasoning left no room for says so, and what would", "[answer]") {
  const Scene scene;
  Completion empty = completion("", Finish::length);
  empty.usage = TokenCounts{.input = 5, .output = 100, .reasoning = 100};
  const ToolResult result = scene.answered(empty);
  CHECK(result.is_error);
  CHECK(result.content[0]["text"].get<std::string>().find("100 tokens of reasoning left no room") != std::string::npos);
}

TEST_CASE("the profile, a repair and an attempt that broke off are in _meta, where there were any", "[answer]") {
  const Scene scene;
  Receipt receipt;
  receipt.profile = "deep";
  receipt.repaired = receipt.at_least = true;
  const Json usage = scene.answered(completion("Hi"), receipt).meta["weir/usage"];
  CHECK(usage["profile"] == "deep");
  CHECK(usage["repaired"] == true);
  CHECK(usage["at_least"] == true);
  const Json plain = scene.answered(completion("Hi")).meta["weir/usage"];
  for (const char* key : {"profile", "repaired", "at_least"}) CHECK_FALSE(plain.contains(key));
}

TEST_CASE("what a call used is in _meta; what is not known is null, never 0", "[answer]") {
  const Scene scene;
  Receipt receipt{.reserved = {120, 100},
                  .used = {100, 40, 20, 5},
                  .usage_known = true,
                  .waited = 1500us,
                  .throttled = 700us,
                  .took = 2s,
                  .attempts = 2,
                  .cost_picodollars = 18'000'000};
  Json usage = scene.answered(completion("x"), receipt).meta["weir/usage"];
  CHECK(usage == Json::parse(R"({"model":"fast","input_tokens":100,"cached_input_tokens":40,"output_tokens":20,
    "reasoning_tokens":5,"cache_write_tokens":0,"reserved_input_tokens":120,"reserved_output_tokens":100,"waited_ms":2,"throttled_ms":1,"took_ms":2000,
    "attempts":2,"cost_usd":1.8e-05})"));
  receipt.usage_known = false;
  receipt.cost_picodollars.reset();
  usage = scene.answered(completion("x"), receipt).meta["weir/usage"];
  CHECK(usage["input_tokens"].is_null());
  CHECK(usage["cost_usd"].is_null());
}

TEST_CASE("a refusal names the limit and the wait, in words and in numbers", "[answer]") {
  const Scene scene;
  const Refusal refusal{
      Refusal::Reason::wait_too_long, Refusal::Scope::model, "fast", "tpm", 1150ms, std::nullopt, 300};
  const ToolResult result = scene.answered(refusal);
  CHECK(result.is_error);
  CHECK(result.content[0]["text"] == "model \"fast\": tokens per minute (tpm) are exhausted; retry after 1.2 s");
  CHECK(
      result.meta["weir/refusal"] ==
      Json::parse(
          R"({"reason":"wait_too_long","of":"model","scope":"fast","limit":"tpm","retry_after_ms":1150,"predicted":true})"));
}

TEST_CASE("each refusal reads as what to do next", "[answer]") {
  using Reason = Refusal::Reason;
  using Scope = Refusal::Scope;
  CHECK(text({Reason::never, Scope::model, "fast", "tpm", std::nullopt, 1000, 5200}, "fast") ==
        "model \"fast\": this call needs 5200 tokens at once, and 1000 are the most that is ever admitted; send less "
        "text");
  CHECK(text({Reason::timed_out, Scope::server, "server", "concurrency", 100ms, std::nullopt, 1}, "fast") ==
        "server: every concurrent call is taken; retry after 0.1 s");
  CHECK(text({Reason::queue_full, Scope::model, "fast", "queue", 61s, std::nullopt, 1}, "fast") ==
        "model \"fast\": too many calls are waiting already; retry after 61 s");
  CHECK(text({Reason::closing, Scope::server, "server", "queue", std::nullopt, std::nullopt, 0}, "fast") ==
        "server: it is shutting down; ask again when it is back");
  CHECK(text({Reason::timed_out, Scope::client, "alice", "input_tpm", 2s, std::nullopt, 9}, "fast") ==
        "client \"alice\": input tokens per minute (input_tpm) are exhausted; retry after 2 s");
  CHECK(text({Reason::wait_too_long, Scope::client, "team", "daily", 2s, std::nullopt, 9}, "fast") ==
        "client \"team\": limit \"daily\" is exhausted; retry after 2 s");
  CHECK(text({Reason::timed_out, Scope::tool, "summarise", "concurrency", 2s, std::nullopt, 1}, "fast") ==
        "tool \"summarise\": every concurrent call is taken; retry after 2 s");
  CHECK(text({Reason::wait_too_long, Scope::model, "fast", "pause", 20s, std::nullopt, 1}, "fast") ==
        "model \"fast\": its provider has refused calls for their rate; retry after 20 s");
  CHECK(
      text({Reason::never, Scope::client, "alice", "rpd", std::nullopt, 0, 1}, "fast") ==
      "client \"alice\": this call needs 1 requests at once, and 0 are the most that is ever admitted; send less text");
}

TEST_CASE("a failure keeps its message and its fault", "[answer]") {
  const Scene scene;
  const ToolResult result = scene.answered(Error{Fault::unavailable, "model \"fast\": connect failed"});
  CHECK(result.is_error);
  CHECK(result.content[0]["text"] == "model \"fast\": connect failed");
  CHECK(result.meta["weir/fault"] == "unavailable");
}
