#include "tools/providers/openai.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/fakes/property.h"
#include "tools/providers/wire_json.h"

namespace weir {
namespace {

constexpr const char* kAnswer =
    R"({"id":"chatcmpl-1","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","refusal":null},)"
    R"("finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}})";

HttpResponse ok(std::string body) { return {200, {}, std::move(body)}; }

TEST_CASE("the table knows openai and compatible, and nothing else", "[openai]") {
  CHECK(find_provider("openai") != nullptr);
  CHECK(find_provider("compatible") != nullptr);
  CHECK(find_provider("opnai") == nullptr);
  CHECK(find_provider("") == nullptr);
}

TEST_CASE("a prompt that is not UTF-8 is sent with what cannot be written replaced", "[openai]") {
  const auto request = encode_openai({}, {.system = "",
                                          .user = "a\xff"
                                                  "b",
                                          .max_output_tokens = 1});
  const auto body = nlohmann::json::parse(request.body);
  CHECK(body["messages"][0]["content"] ==
        "a\xEF\xBF\xBD"
        "b");
}

TEST_CASE("a request carries the model's timeouts", "[openai]") {
  ModelSettings settings;
  settings.connect_timeout = std::chrono::seconds(1);
  settings.first_byte_timeout = std::chrono::seconds(2);
  settings.total_timeout = std::chrono::seconds(3);
  const auto request = encode_openai(settings, {});
  CHECK(request.connect_timeout == std::chrono::seconds(1));
  CHECK(request.first_byte_timeout == std::chrono::seconds(2));
  CHECK(request.total_timeout == std::chrono::seconds(3));
}

TEST_CASE("JSON as deep as the bound is read; one deeper is not", "[openai]") {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(parse_wire_json(nested(kWireDepthMax)).has_value());
  CHECK_FALSE(parse_wire_json(nested(kWireDepthMax + 1)).has_value());
  CHECK_FALSE(parse_wire_json(std::string(1 << 22, '[')).has_value());
  CHECK_FALSE(parse_wire_json(std::string(1 << 22, ']')).has_value());
}

TEST_CASE("JSON of as many values as the bound is read; one more is not", "[openai]") {
  const auto list = [](std::int64_t values) {  // the list itself counts two
    std::string text = "[0";
    for (std::int64_t i = 1; i < values - 1; ++i) text += ",0";
    return text + "]";
  };
  CHECK(parse_wire_json(list(kWireValuesMax)).has_value());
  CHECK_FALSE(parse_wire_json(list(kWireValuesMax + 1)).has_value());
}

TEST_CASE("brackets and commas inside strings do not count", "[openai]") {
  CHECK(parse_wire_json('"' + std::string(1'000'000, '[') + R"(\",\\")").has_value());
}

TEST_CASE("an answer with many brackets is a bad reply, not a crash", "[openai]") {
  const auto decoded = decode_openai(ok(std::string(1 << 22, '{')));
  REQUIRE_FALSE(decoded);
  CHECK(decoded.error().error.fault == Fault::bad_reply);
  CHECK(decoded.error().ending == Ending::broken);
  CHECK_FALSE(decoded.error().retry);
  CHECK(decoded.error().error.message.size() < 1000);
}

TEST_CASE("an answer that is not UTF-8 is a bad reply", "[openai]") {
  std::string body = kAnswer;
  body.replace(body.find("Hi"), 2, "\xff\xfe");
  const auto decoded = decode_openai(ok(body));
  REQUIRE_FALSE(decoded);
  CHECK(decoded.error().error.fault == Fault::bad_reply);
}

TEST_CASE("every prefix of an answer is a bad reply", "[openai]") {
  const std::string whole = kAnswer;
  REQUIRE(decode_openai(ok(whole)).has_value());
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto decoded = decode_openai(ok(whole.substr(0, n)));
    REQUIRE_FALSE(decoded);
    REQUIRE(decoded.error().error.fault == Fault::bad_reply);
  }
}

TEST_CASE("whatever bytes and status come, decoding answers, and errors say why", "[openai]") {
  fakes::property("total", [] {
    std::string body = kAnswer;
    const auto edits = *rc::gen::inRange(0, 8);
    for (int i = 0; i < edits; ++i) {
      const auto at = *rc::gen::inRange<std::size_t>(0, body.size());
      const auto with = *rc::gen::element<std::string>("", "{", "}", "[", "]", "\"", "null", "-1", "1e999", ",", ":",
                                                       "\xff", "[]", "{}", "18446744073709551616");
      body.replace(at, *rc::gen::inRange<std::size_t>(0, 12), with);
      if (body.empty()) body = " ";
    }
    const auto decoded = decode_openai({*rc::gen::inRange(0, 700), {{"retry-after", "1"}}, body});
    if (!decoded) RC_ASSERT(!decoded.error().error.message.empty());
    if (decoded && decoded->usage)
      RC_ASSERT(decoded->usage->input >= 0 && decoded->usage->output >= 0 &&
                decoded->usage->cached_input <= decoded->usage->input);
  });
}

TEST_CASE("the provider's words are quoted up to five hundred bytes", "[openai]") {
  const auto error = openai_error({500, {}, std::string(100'000, 'x')});
  CHECK(error.error.message.size() < 600);
  CHECK(error.error.message.find(std::string(500, 'x')) != std::string::npos);
}

TEST_CASE("every status that LIMITS has retried is, and no other", "[openai]") {
  for (int status = 300; status < 600; ++status) {
    const bool retried = status == 408 || status == 409 || status == 429 || status >= 500;
    INFO(status);
    CHECK(openai_error({status, {}, "{}"}).retry == retried);
  }
}

TEST_CASE("Retry-After in milliseconds comes before the one in seconds", "[openai]") {
  using std::chrono::milliseconds;
  CHECK(retry_after({429, {{"retry-after", "2"}, {"retry-after-ms", "1250.5"}}, ""}) == Duration(1'250'500'000));
  CHECK(retry_after({429, {{"retry-after", "2"}, {"retry-after-ms", "soon"}}, ""}) == milliseconds(2000));
  CHECK(retry_after({429, {{"retry-after", "0"}}, ""}) == milliseconds(0));
  for (int ms = 0; ms < 5000; ++ms) {  // never short of what was asked, by not even the rounding
    const Duration wait = *retry_after({429, {{"retry-after-ms", std::to_string(ms)}}, ""});
    REQUIRE(wait >= milliseconds(ms));
    REQUIRE(wait <= milliseconds(ms) + Duration(1));
  }
  for (const char* text : {"", "-1", "nan", "inf", "1s", "1 2", "Sat, 21 Nov 2026 12:00:01 GMT"}) {
    INFO(text);
    CHECK_FALSE(retry_after({429, {{"retry-after", text}}, ""}).has_value());
  }
}

TEST_CASE("what the rate headers say of requests and tokens is read, in Go's durations", "[openai]") {
  const auto feedback = openai_limits({200,
                                       {{"x-ratelimit-limit-requests", "500"},
                                        {"x-ratelimit-remaining-requests", "499"},
                                        {"x-ratelimit-reset-requests", "120ms"},
                                        {"x-ratelimit-limit-tokens", "500000"},
                                        {"x-ratelimit-remaining-tokens", "499984"},
                                        {"x-ratelimit-reset-tokens", "6m0s"},
                                        {"x-ratelimit-remaining-project-tokens", "7"}},
                                       ""});
  CHECK(feedback.readings ==
        std::vector<Reading>{
            {.unit = Unit::requests, .limit = 500, .remaining = 499, .resets_in = std::chrono::milliseconds(120)},
            {.unit = Unit::tokens, .limit = 500'000, .remaining = 499'984, .resets_in = std::chrono::minutes(6)},
            {.unit = Unit::tokens, .remaining = 7}});
  CHECK_FALSE(feedback.rate_limited);
}

TEST_CASE("rate headers that cannot be read are left out", "[openai]") {
  for (const char* text : {"", "-1", "1.5", "many", "1e3", "99999999999999999999", " 1"}) {
    INFO(text);
    CHECK(openai_limits({200, {{"x-ratelimit-limit-tokens", text}}, ""}).readings.empty());
  }
  CHECK(openai_limits({200, {}, ""}).readings.empty());
}

TEST_CASE("a duration is hours, minutes, seconds and milliseconds, and nothing else", "[openai]") {
  using namespace std::chrono_literals;
  CHECK(go_duration("12ms") == 12ms);
  CHECK(go_duration("1s") == 1s);
  CHECK(go_duration("20.5s") == 20'500ms);
  CHECK(go_duration("4m12.172s") == 252'172ms);
  CHECK(go_duration("23h18m29.144s") == 23h + 18min + 29'144ms);
  CHECK(go_duration("0s") == 0s);
  for (const char* text : {"", "s", "1", "1x", "1s ", "-1s", "1e9h", "nan s", "99999999h", "1h99999999h"}) {
    INFO(text);
    CHECK_FALSE(go_duration(text));
  }
}

TEST_CASE("a 429 names the dimension that is exhausted, where the provider does", "[openai]") {
  const auto exhausted = [](const std::string& type) {
    return openai_error({429, {}, R"({"error":{"message":"m","code":"rate_limit_exceeded","type":")" + type + "\"}}"}).exhausted;
  };
  CHECK(exhausted("tokens") == Unit::tokens);
  CHECK(exhausted("requests") == Unit::requests);
  CHECK_FALSE(exhausted("else"));
  CHECK_FALSE(openai_error({429, {}, R"({"error":{"type":"tokens","code":"insufficient_quota"}})"}).exhausted);
}

}  // namespace
}  // namespace weir
