// All dialects through the service: what holds for each of them.
#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "simulator/service.h"

namespace simulator {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;

constexpr const char* kSchema =
    R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"array","items":{"$ref":"#/$defs/c"}}},
        "required":["a","b"],"additionalProperties":false,"$defs":{"c":{"type":"integer","enum":[1,2]}}})";

struct Sample {
  std::string path;
  std::string body;
  std::string query{};
};

const std::vector<Sample>& samples() {
  static const std::string schema = kSchema;
  static const std::vector<Sample> kAll = {
      {"/v1/chat/completions",
       R"({"model":"gpt-6-luna","messages":[{"role":"developer","content":"rules"},{"role":"user","content":[{"type":"text",
        "text":"One. Two."}]}],"max_completion_tokens":800,"reasoning_effort":"low","verbosity":"low","stop":["END"],"seed":7,
        "n":1,"stream":true,"stream_options":{"include_usage":true},"metadata":{"k":"v"},"response_format":{"type":"json_schema",
        "json_schema":{"name":"out","strict":true,"schema":)" +
           schema + "}}}"},
      {"/v1/responses",
       R"({"model":"gpt-6-luna","instructions":"rules","input":[{"role":"user","content":[{"type":"input_text","text":"One. Two."}]}],
        "max_output_tokens":800,"reasoning":{"effort":"low","summary":"auto"},"text":{"verbosity":"low","format":{"type":"json_schema",
        "name":"out","strict":true,"schema":)" +
           schema + R"(}},"store":false,"stream":true,"metadata":{}})"},
      {"/v1/embeddings",
       R"({"model":"text-embedding-3-small","input":["a","b"],"dimensions":8,"encoding_format":"base64"})"},
      {"/v1/messages",
       R"({"model":"claude-opus-4-5","max_tokens":4000,"system":[{"type":"text","text":"rules","cache_control":{"type":"ephemeral",
        "ttl":"5m"}}],"messages":[{"role":"user","content":[{"type":"text","text":"One. Two."}]}],"thinking":{"type":"enabled",
        "budget_tokens":1024},"output_config":{"effort":"low","format":{"type":"json_schema","schema":)" +
           schema + R"(}},"stop_sequences":["END"],"metadata":{"user_id":"u"},"stream":true})"},
      {"/v1/messages",
       R"({"model":"claude-opus-4-5","max_tokens":40,"system":"s","messages":[{"role":"user","content":"One."}],"temperature":0.5,
        "tools":[{"name":"out","description":"d","input_schema":)" +
           schema + R"(}],"tool_choice":{"type":"tool","name":"out"}})"},
      {"/v1beta/models/gemini-2.5-flash:streamGenerateContent",
       R"({"systemInstruction":{"parts":[{"text":"rules"}]},"contents":[{"role":"user","parts":[{"text":"One. Two."}]}],
        "generationConfig":{"temperature":0.2,"topP":0.9,"topK":40,"maxOutputTokens":800,"stopSequences":["END"],"seed":7,
        "candidateCount":1,"responseMimeType":"application/json","thinkingConfig":{"thinkingBudget":600,"includeThoughts":true},
        "responseJsonSchema":)" +
           schema + R"(},"safetySettings":[]})",
       "alt=sse"},
      {"/v1beta/models/gemini-embedding-001:batchEmbedContents",
       R"({"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_QUERY",
        "outputDimensionality":8}]})"},
      {"/api/v1/chat/completions",
       R"({"model":"openai/gpt-5-mini","messages":[{"role":"user","content":"One. Two."}],"max_tokens":2000,"temperature":0.5,
        "reasoning":{"effort":"low","exclude":false},"provider":{"sort":"price"},"stream":true})"},
      {"/v2/embed",
       R"({"model":"embed-v4.0","input_type":"search_document","texts":["a","b"],"embedding_types":["float","binary"],
        "output_dimension":256,"truncate":"END"})"},
  };
  return kAll;
}

http::Response send(Service& service, const Sample& sample, const std::string& body, Instant now = 1s) {
  http::Headers headers;
  if (sample.path.starts_with("/v1/messages")) headers.emplace_back("anthropic-version", "2023-06-01");
  return service.handle(
      {.method = "POST", .path = sample.path, .query = sample.query, .headers = std::move(headers), .body = body}, now);
}

Settings unlimited() {
  Settings settings;
  settings.any_model.limits.shape = Shape::unlimited;
  return settings;
}

TEST_CASE("every dialect's full request is answered", "[dialects]") {
  Service service(unlimited(), 1'790'000'000);
  for (const Sample& sample : samples()) {
    INFO(sample.path);
    const auto response = send(service, sample, sample.body);
    INFO(response.body);
    CHECK(response.status == 200);
    CHECK(response.flow.empty() == (Json::parse(sample.body).value("stream", false) == false && sample.query.empty()));
  }
}

void collect(Json& node, std::vector<Json*>& all) {
  all.push_back(&node);
  if (!node.is_structured()) return;
  for (Json& child : node) collect(child, all);
}

TEST_CASE("property: a request with any part replaced is answered or refused, and never more than that", "[dialects]") {
  static const std::vector<Json> kOdd = {nullptr,
                                         true,
                                         -1,
                                         0,
                                         1e300,
                                         18446744073709551615U,
                                         "",
                                         "x",
                                         "text",
                                         "\xF0\x9F\x92\xA7",
                                         Json::array(),
                                         Json::array({1}),
                                         Json::array({Json::object()}),
                                         Json::object(),
                                         {{"type", "object"}},
                                         {{"$ref", "#"}},
                                         {{"type", Json::array()}},
                                         {{"anyOf", Json::array({{{"$ref", "#"}}})}}};
  REQUIRE(rc::check([] {
    Service service(unlimited(), 0);
    const Sample& sample = *rc::gen::elementOf(samples());
    Json body = Json::parse(sample.body);
    const int changes = *rc::gen::inRange(1, 4);
    for (int i = 0; i < changes; ++i) {
      std::vector<Json*> all;
      collect(body, all);
      *all[*rc::gen::inRange<std::size_t>(0, all.size())] = *rc::gen::elementOf(kOdd);
    }
    auto response = send(service, sample, body.dump());
    RC_ASSERT(response.status == 200 || (response.status >= 400 && response.status < 500));
    if (response.status != 200) RC_ASSERT(Json::accept(response.body));
    if (response.over) response.over(true, 2s);
  }));
}

TEST_CASE("a body that is not a JSON object is refused by every dialect, however deep or broken", "[dialects]") {
  Service service(unlimited(), 0);
  for (const Sample& sample : samples()) {
    for (const std::string& body : {std::string(), std::string("{"), std::string("[]"), std::string("\"\xff\""),
                                    std::string(1'000'000, '['), "{\"model\":" + std::string(1'000'000, '[')}) {
      INFO(sample.path);
      CHECK(send(service, sample, body).status == 400);
    }
  }
}

std::string flow_of(const http::Response& response) {
  std::string all = response.body;
  for (const std::string& piece : response.flow) all += piece;
  return all;
}

Sample with_fault(Sample sample, const std::string& fault) {
  Json body = Json::parse(sample.body);
  if (body.contains("model")) body["model"] = body["model"].get<std::string>() + "-fault-" + fault;
  const std::size_t colon = sample.path.find(':');
  if (colon != std::string::npos) sample.path.insert(colon, "-fault-" + fault);
  if (body.contains("requests")) {
    Json& model = body["requests"][0]["model"];
    model = model.get<std::string>() + "-fault-" + fault;
  }
  sample.body = body.dump();
  return sample;
}

TEST_CASE("every fault is had from every dialect by the model's name", "[dialects]") {
  Service service(unlimited(), 0);
  for (const Sample& plain : samples()) {
    const auto response_to = [&](const std::string& fault) {
      const Sample sample = with_fault(plain, fault);
      return send(service, sample, sample.body);
    };
    INFO(plain.path);
    CHECK(response_to("500").status == 500);
    CHECK(response_to("503").status >= 500);
    CHECK(response_to("529").status >= 502);
    CHECK((response_to("quota").status == 429 || response_to("quota").status == 402));
    CHECK(response_to("429-once").status == 429);
    CHECK(response_to("429-once").status == 200);
    CHECK(response_to("hang").silent);
    CHECK(response_to("cut").ending == http::Ending::cut);
    CHECK(response_to("stall").ending == http::Ending::stall);
    CHECK(response_to("reset").ending == http::Ending::reset);
    CHECK(response_to("drip").flow.front().size() == 1);
    CHECK(response_to("drip").latency >= 2s);
    CHECK(response_to("split").flow.front().size() == 3);
    CHECK(flow_of(response_to("split")).size() > 3);
    const auto whole = response_to("past-reset");
    if (whole.flow.empty()) {
      CHECK_FALSE(Json::accept(response_to("truncated").body));
      CHECK_FALSE(Json::accept(response_to("garbage").body));
      continue;
    }
    CHECK(flow_of(response_to("crlf")).find("\r\n\r\n") != std::string::npos);
    CHECK(flow_of(response_to("crlf")).find("\r\r") == std::string::npos);
    CHECK(response_to("flood").flow.size() > 50 * (whole.flow.size() - 1));
    CHECK(flow_of(response_to("stream-error")).find("error") != std::string::npos);
    CHECK(response_to("stream-error").flow.back() != whole.flow.back());
  }
}

TEST_CASE("an answer without usage has none in any dialect's body or stream", "[dialects]") {
  Service service(unlimited(), 0);
  for (const Sample& plain : samples()) {
    if (plain.path.find("mbed") != std::string::npos) continue;
    INFO(plain.path);
    const Sample sample = with_fault(plain, "no-usage");
    const std::string all = flow_of(send(service, sample, sample.body));
    for (const char* field : {"\"prompt_tokens\"", "\"input_tokens\"", "\"output_tokens\"", "TokenCount\""}) {
      CHECK(all.find(field) == std::string::npos);
    }
  }
}

Json stats_of(Service& service, const std::string& model) {
  return Json::parse(
      service.handle({.method = "GET", .path = "/stats", .headers = {}, .body = {}}, 1s).body)["models"][model];
}

std::string header(const http::Response& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "(none)";
}

Settings limited(Limits limits) {
  Settings settings;
  settings.any_model.limits = limits;
  settings.any_model.output_tokens = Range{100, 100};
  return settings;
}

Sample message(const std::string& text, bool stream = false) {
  const Json body = {{"model", "m"},
                     {"max_tokens", 100'000},
                     {"stream", stream},
                     {"messages", Json::array({{{"role", "user"}, {"content", text}}})}};
  return {"/v1/messages", body.dump()};
}

TEST_CASE("Anthropic's output is charged as its pieces are sent, and not for what was not sent", "[dialects]") {
  Service service(limited({.rpm = 100, .tpm = 10'000, .output_tpm = 1'000}), 0);
  auto response = send(service, message("hi", true), message("hi", true).body);
  REQUIRE(response.status == 200);
  const auto remaining = [&] {
    const auto next = send(service, message("hi"), message("hi").body);
    return header(next, "anthropic-ratelimit-output-tokens-remaining");
  };
  CHECK(remaining() == "1000");
  response.progress(response.flow.size() / 2, response.flow.size(), 1s);
  response.over(false, 1s);
  CHECK(stats_of(service, "m")["worst"]["output_tokens"] >= 0.04);
  CHECK(stats_of(service, "m")["worst"]["output_tokens"] <= 0.06);
}

TEST_CASE("Anthropic's resets are the times of full replenishment, its remaining tokens are rounded", "[dialects]") {
  Service service(limited({.rpm = 60, .tpm = 60'000, .input_tpm = 60'000}), 1'790'000'000);
  const std::string text(4 * 2'600, 'x');
  const auto response = send(service, message(text), message(text).body, 1s + 1ns);
  CHECK(header(response, "anthropic-ratelimit-requests-remaining") == "59");
  CHECK(header(response, "anthropic-ratelimit-requests-reset") == "2026-09-21T14:13:23Z");  // 2.000000001 s, rounded up
  CHECK(header(response, "anthropic-ratelimit-input-tokens-remaining") == "57000");         // 57,396
  CHECK(header(response, "anthropic-ratelimit-tokens-limit") == "120000");
  CHECK(header(response, "x-ratelimit-limit-requests") == "(none)");
}

TEST_CASE("a quota is refused in each dialect's own way", "[dialects]") {
  for (const Sample& sample : samples()) {
    INFO(sample.path);
    Service service(limited({.rpm = 1, .tpm = 1'000'000}), 0);
    CHECK(send(service, sample, sample.body).status == 200);
    const auto refused = send(service, sample, sample.body);
    CHECK(refused.status == 429);
    const bool gemini = sample.path.starts_with("/v1beta");
    const bool cohere = sample.path.starts_with("/v2");
    CHECK((header(refused, "retry-after") == "(none)") == (gemini || cohere));
    CHECK((refused.body.find("\"retryDelay\": \"60.000000000s\"") != std::string::npos) == gemini);
  }
}

TEST_CASE("Gemini's day ends at midnight in Los Angeles, in summer and in winter", "[dialects]") {
  const Sample sample{"/v1beta/models/m:generateContent", R"({"contents":[{"parts":[{"text":"hi"}]}]})"};
  const auto wait_at = [&](std::int64_t unix_time) {
    Service service(limited({.rpm = 60, .rpd = 1}), unix_time);
    send(service, sample, sample.body, 1s);
    const std::string body = send(service, sample, sample.body, 1s).body;
    const std::size_t delay = body.find("\"retryDelay\": \"") + 15;
    return body.substr(delay, body.find('"', delay) - delay);
  };
  CHECK(wait_at(1'790'000'000 - 1) == "60400.000000000s");  // from 07:13:20 there
  CHECK(wait_at(1'795'000'000 - 1) == "75200.000000000s");  // from 03:06:40
}

TEST_CASE("bad headers reach refusals, too", "[dialects]") {
  Service service(limited({.rpm = 1, .tpm = 1'000'000}), 0);
  const auto refused = [&](const std::string& fault) {
    Sample sample = message("hi");
    sample.body = Json::parse(sample.body)
                      .patch(Json::array({{{"op", "replace"}, {"path", "/model"}, {"value", "fault-" + fault}}}))
                      .dump();
    send(service, sample, sample.body);
    return send(service, sample, sample.body);
  };
  CHECK(header(refused("no-headers"), "retry-after") == "(none)");
  CHECK(header(refused("wrong-headers"), "retry-after") == "soon");
  CHECK(header(refused("past-reset"), "retry-after") == "Wed, 21 Oct 2015 07:28:00 GMT");
}

TEST_CASE("stats tell cached and reasoning tokens apart", "[dialects]") {
  Service service(unlimited(), 0);
  const Json body = {{"model", "gpt-6-luna"},
                     {"messages", Json::array({{{"role", "user"}, {"content", std::string(8'000, 'x')}}})}};
  const Sample sample{"/v1/chat/completions", body.dump()};
  for (int i = 0; i < 2; ++i) send(service, sample, sample.body).over(true, 1s);
  const Json stats = stats_of(service, "gpt-6-luna");
  CHECK(stats["cached_tokens"] == 1'920);  // 1,024 and seven times 128 of 2,000
  CHECK(stats["cache_write_tokens"] == 1'920);
  CHECK(stats["reasoning_tokens"] >= 2 * 96);
  CHECK(stats["output_tokens"] > stats["reasoning_tokens"]);
}

}  // namespace
}  // namespace simulator
