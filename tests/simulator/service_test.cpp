#include "simulator/service.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace simulator {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

Settings settings_with(Limits limits) {
  Settings settings;
  settings.any_model = {.limits = limits, .latency_ms = {20, 80}, .output_tokens = {}};
  return settings;
}

struct Provider {
  explicit Provider(Settings settings) : service(std::move(settings), 1'700'000'000) {}

  // Asks a model that quotes `text`; the answer is not over until over() is called.
  http::Response ask(const std::string& model, Instant now, Json more = Json::object(),
                     const std::string& text = "One. Two.") {
    Json body = {{"model", model}, {"messages", {{{"role", "user"}, {"content", text}}}}};
    body.update(more);
    http::Request request{.method = "POST", .path = "/v1/chat/completions", .headers = {}, .body = body.dump()};
    return service.handle(request, now);
  }
  Json stats(const std::string& model) {
    const http::Request request{.method = "GET", .path = "/stats", .headers = {}, .body = {}};
    return Json::parse(service.handle(request, 0s).body)["models"][model];
  }

  Service service;
};

std::string header(const http::Response& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "(none)";
}

TEST_CASE("an answer carries the limits, what remains, and how long until all is back", "[service]") {
  Provider provider(settings_with({.shape = Shape::bucket, .rpm = 60, .tpm = 6'000}));
  const auto response = provider.ask("m", 1s, {{"max_tokens", 100}});
  CHECK(response.status == 200);
  CHECK(header(response, "x-ratelimit-limit-requests") == "60");
  CHECK(header(response, "x-ratelimit-limit-tokens") == "6000");
  CHECK(header(response, "x-ratelimit-remaining-requests") == "59");
  CHECK(header(response, "x-ratelimit-remaining-tokens") == "5900");
  CHECK(header(response, "x-ratelimit-reset-requests") == "1s");
  CHECK(header(response, "x-ratelimit-reset-tokens") == "1s");
  CHECK(header(response, "x-request-id").starts_with("req_"));
  CHECK(header(response, "openai-version") == "2020-10-01");
  CHECK(response.latency >= 20ms);
  CHECK(response.latency <= 80ms);
  response.over(true, 1s);
}

TEST_CASE("a 429 names the limit, the use and the wait, in its body and in its headers", "[service]") {
  Provider provider(settings_with({.shape = Shape::bucket, .rpm = 60, .tpm = 6'000}));
  provider.ask("m", 1s, {{"max_tokens", 6'000}});
  const auto response = provider.ask("m", 1s, {{"max_tokens", 120}});
  CHECK(response.status == 429);
  CHECK(header(response, "retry-after") == "2");
  CHECK(header(response, "retry-after-ms") == "1200");
  CHECK(Json::parse(response.body) == Json{{"error",
                                            {{"message",
                                              "Rate limit reached for m in organization org-simulator on tokens per "
                                              "min (TPM): Limit 6000, Used 6000, Requested "
                                              "120. Please try again in 1.2s."},
                                             {"type", "tokens"},
                                             {"param", nullptr},
                                             {"code", "rate_limit_exceeded"}}}});
  CHECK(provider.ask("m", 2200ms - 1ns, {{"max_tokens", 120}}).status == 429);
  CHECK(provider.ask("m", 2200ms, {{"max_tokens", 120}}).status == 200);
}

TEST_CASE("a request above the limit itself is told so and gets no Retry-After", "[service]") {
  Provider provider(settings_with({.shape = Shape::rolling, .rpm = 60, .tpm = 100}));
  const auto response = provider.ask("m", 1s, {{"max_tokens", 101}});
  CHECK(response.status == 429);
  CHECK(header(response, "retry-after") == "(none)");
  const std::string message = Json::parse(response.body)["error"]["message"];
  CHECK(message.starts_with(
      "Request too large for m in organization org-simulator on tokens per min (TPM): Limit 100, Requested 101."));
}

TEST_CASE("a charge is corrected to what was used once the answer is over, and stays when the client left",
          "[service]") {
  for (const Shape shape : {Shape::bucket, Shape::rolling}) {
    Provider provider(settings_with({.shape = shape, .rpm = 60, .tpm = 1'000}));
    auto response = provider.ask("m", 1s, {{"max_tokens", 1'000}});
    CHECK(provider.ask("m", 1s, {{"max_tokens", 900}}).status == 429);
    response.over(true, 1s);
    CHECK(provider.stats("m")["input_tokens"] == 7);  // 9 characters, one message
    CHECK(provider.stats("m")["output_tokens"] == 3);
    auto next = provider.ask("m", 1s, {{"max_tokens", 900}});
    CHECK(header(next, "x-ratelimit-remaining-tokens") == "90");
    next.over(false, 1s);
    CHECK(provider.ask("m", 1s, {{"max_tokens", 91}}).status == 429);
    CHECK(provider.ask("m", 1s, {{"max_tokens", 90}}).status == 200);
  }
}

TEST_CASE("models have quotas and counts of their own", "[service]") {
  Provider provider(settings_with({.shape = Shape::bucket, .rpm = 1, .tpm = 1'000}));
  auto first = provider.ask("a", 1s);
  CHECK(first.status == 200);
  CHECK(provider.ask("a", 1s).status == 429);
  auto second = provider.ask("b", 1s);
  CHECK(second.status == 200);
  CHECK(provider.stats("a")["admitted"] == 1);
  CHECK(provider.stats("a")["refused"] == 1);
  CHECK(provider.stats("b")["refused"] == 0);
}

TEST_CASE("stats tell the tokens of answers that were sent whole apart from those that were used", "[service]") {
  Provider provider(settings_with({.shape = Shape::bucket, .rpm = 4, .tpm = 100'000}));
  provider.ask("m", 1s).over(true, 1s);
  const auto told = provider.stats("m");
  CHECK(told["told_input_tokens"] == told["input_tokens"]);
  CHECK(told["told_output_tokens"] == told["output_tokens"]);
  provider.ask("m", 1s).over(false, 1s);
  CHECK(provider.stats("m")["input_tokens"] == 2 * told["input_tokens"].get<int>());
  CHECK(provider.stats("m")["told_input_tokens"] == told["told_input_tokens"]);
}

TEST_CASE("stats count what is in flight at once and the worst minute over its limit", "[service]") {
  Provider provider(settings_with({.shape = Shape::bucket, .rpm = 4, .tpm = 100'000}));
  std::vector<http::Response> open;
  for (int i = 0; i < 3; ++i) open.push_back(provider.ask("m", 1s));
  for (auto& response : open) response.over(true, 2s);
  provider.ask("m", 2s).over(true, 2s);
  CHECK(provider.stats("m")["in_flight_max"] == 3);
  CHECK(provider.stats("m")["worst_window"] == 1.0);
  provider.ask("m", 32s).over(true, 32s);  // refilled by now, but within the same minute
  CHECK(provider.stats("m")["worst_window"] == 1.25);

  Provider unlimited(settings_with({.shape = Shape::unlimited}));
  const auto response = unlimited.ask("m", 1s);
  CHECK(header(response, "x-ratelimit-limit-tokens") == "(none)");
  CHECK(unlimited.stats("m")["worst_window"] == 0);
}

TEST_CASE("with a list of models the others do not exist, without one at most 256 names do", "[service]") {
  Settings settings;
  settings.models["known"] = {};
  Provider listed(settings);
  CHECK(listed.ask("known", 1s).status == 200);
  const auto response = listed.ask("other", 1s);
  CHECK(response.status == 404);
  CHECK(Json::parse(response.body)["error"]["message"] ==
        "The model `other` does not exist or you do not have access to it.");
  CHECK(Json::parse(response.body)["error"]["code"] == "model_not_found");
  CHECK(listed.ask("fault-empty", 1s).status == 200);

  Provider any(settings_with({}));
  for (std::size_t i = 0; i < Models::kNamesMax; ++i) CHECK(any.ask("m" + std::to_string(i), 1s).status == 200);
  CHECK(any.ask("one-more", 1s).status == 404);
  CHECK(any.ask("m0", 1s).status == 200);
}

TEST_CASE("a key is asked for when there is one", "[service]") {
  Settings settings;
  settings.api_key = "sk-simulator-secret";
  Service service(settings, 0);
  const auto status = [&](http::Headers headers) {
    const http::Request request{.method = "GET", .path = "/v1/models", .headers = std::move(headers), .body = {}};
    const auto response = service.handle(request, 1s);
    return std::pair(response.status, response.body);
  };
  CHECK(status({{"authorization", "Bearer sk-simulator-secret"}}).first == 200);
  CHECK(status({}).first == 401);
  CHECK(status({}).second.find("You didn't provide an API key.") != std::string::npos);
  const auto [code, body] = status({{"authorization", "Bearer sk-simulator-wrong"}});
  CHECK(code == 401);
  CHECK(body.find("Incorrect API key provided: sk-") != std::string::npos);
  CHECK(body.find("sk-simulator-wrong") == std::string::npos);
  CHECK(body.find("\"invalid_api_key\"") != std::string::npos);
}

TEST_CASE("unknown URLs and methods are answered as the API does", "[service]") {
  Service service(Settings{}, 0);
  const auto answer = [&](std::string method, std::string path) {
    return service.handle({.method = std::move(method), .path = std::move(path), .headers = {}, .body = {}}, 1s);
  };
  CHECK(answer("POST", "/v1/x").status == 404);
  CHECK(answer("POST", "/v1/x").body.find("Unknown request URL: POST /v1/x") != std::string::npos);
  CHECK(answer("GET", "/").status == 404);
  CHECK(answer("GET", "/v1/chat/completions").status == 405);
  CHECK(header(answer("GET", "/v1/chat/completions"), "allow") == "POST");
  CHECK(answer("DELETE", "/v1/models").status == 405);
  CHECK(answer("POST", "/stats").status == 405);
  CHECK(answer("GET", "/v1/models/gpt-4.1-nano").status == 200);
}

TEST_CASE("a prompt seen before is reported as cached", "[service]") {
  Provider provider(settings_with({}));
  const std::string text(5'000, 'x');
  const auto cached = [&] {
    const auto body = Json::parse(provider.ask("m", 1s, Json::object(), text).body);
    return body["usage"]["prompt_tokens_details"]["cached_tokens"].get<int>();
  };
  CHECK(cached() == 0);
  CHECK(cached() == 1024 + 128);
}

TEST_CASE("faults come by the name of the model", "[service]") {
  Provider provider(settings_with({}));
  CHECK(provider.ask("fault-500", 1s).status == 500);
  CHECK(provider.ask("gpt-4.1-nano-fault-503", 1s).status == 503);
  const auto quota = provider.ask("fault-quota", 1s);
  CHECK(quota.status == 429);
  CHECK(Json::parse(quota.body)["error"]["code"] == "insufficient_quota");
  CHECK(provider.ask("fault-hang", 1s).silent);
  CHECK(provider.ask("fault-cut", 1s).ending == http::Ending::cut);
  CHECK(provider.ask("fault-stall", 1s).ending == http::Ending::stall);
  CHECK_FALSE(Json::accept(provider.ask("fault-garbage", 1s).body));
  CHECK_FALSE(Json::parse(provider.ask("fault-no-usage", 1s).body).contains("usage"));
  CHECK(Json::parse(provider.ask("fault-refusal", 1s).body)["choices"][0]["message"]["content"].is_null());
  CHECK(Json::parse(provider.ask("fault-empty", 1s).body)["choices"][0]["message"]["content"] == "");
  CHECK(provider.ask("fault-stream-error", 1s).status == 500);
  const auto stream = provider.ask("fault-stream-error", 1s, {{"stream", true}});
  CHECK(stream.status == 200);
  CHECK(stream.flow.back().starts_with("data: {\"error\":"));
  CHECK(provider.ask("default-500", 1s).status == 200);  // only "fault-500", whole or after a dash
}

TEST_CASE("a failed request has cost its request unit but no tokens", "[service]") {
  Provider provider(settings_with({.shape = Shape::rolling, .rpm = 10, .tpm = 1'000}));
  provider.ask("fault-500", 1s, {{"max_tokens", 1'000}}).over(true, 1s);
  const auto next = provider.ask("fault-500", 1s, {{"max_tokens", 1'000}});
  CHECK(next.status == 500);
  CHECK(header(next, "x-ratelimit-remaining-requests") == "8");
}

TEST_CASE("429-once refuses each content once and answers it the second time", "[service]") {
  Provider provider(settings_with({}));
  const auto status = [&](const std::string& text) {
    return provider.ask("fault-429-once", 1s, Json::object(), text).status;
  };
  CHECK(status("a") == 429);
  CHECK(status("b") == 429);
  CHECK(status("a") == 200);
  CHECK(status("b") == 200);
  CHECK(header(provider.ask("fault-429-once", 1s), "retry-after-ms") == "24");
}

TEST_CASE("random faults come as often as they are asked for", "[service]") {
  Settings settings = settings_with({.shape = Shape::unlimited});
  settings.faults = FaultOdds::parse("500:0.2,503:0.1");
  Provider provider(settings);
  int errors = 0, overloads = 0;
  for (int i = 0; i < 2'000; ++i) {
    const int status = provider.ask("m", 1s).status;
    errors += status == 500 ? 1 : 0;
    overloads += status == 503 ? 1 : 0;
  }
  CHECK(errors > 300);
  CHECK(errors < 500);
  CHECK(overloads > 130);
  CHECK(overloads < 270);
}

TEST_CASE("a stream is a role chunk, deltas, a finish chunk, usage if wanted, and the DONE mark", "[service]") {
  Provider provider(settings_with({}));
  const auto response =
      provider.ask("m", 1s, {{"stream", true}, {"stream_options", {{"include_usage", true}}}}, "One two.");
  CHECK(header(response, "content-type") == "text/event-stream; charset=utf-8");
  REQUIRE(response.flow.size() == 6);
  CHECK(response.flow.back() == "data: [DONE]\n\n");
  std::vector<Json> chunks;
  for (std::size_t i = 0; i < 5; ++i) {
    REQUIRE(response.flow[i].starts_with("data: "));
    chunks.push_back(Json::parse(response.flow[i].substr(6)));
    CHECK(chunks.back()["object"] == "chat.completion.chunk");
    CHECK(chunks.back()["created"] == 1'700'000'001);
  }
  CHECK(chunks[0]["choices"][0]["delta"] == Json{{"role", "assistant"}, {"content", ""}, {"refusal", nullptr}});
  CHECK(chunks[0]["usage"].is_null());
  CHECK(chunks[1]["choices"][0]["delta"] == Json{{"content", "One "}});
  CHECK(chunks[2]["choices"][0]["delta"] == Json{{"content", "two."}});
  CHECK(chunks[3]["choices"][0]["delta"] == Json::object());
  CHECK(chunks[3]["choices"][0]["finish_reason"] == "stop");
  CHECK(chunks[4]["choices"] == Json::array());
  CHECK(chunks[4]["usage"]["completion_tokens"] == 2);

  const auto without = provider.ask("m", 1s, {{"stream", true}}, "One two.");
  CHECK(without.flow.size() == 5);
  CHECK(without.flow.front().find("usage") == std::string::npos);
}

}  // namespace
}  // namespace simulator
