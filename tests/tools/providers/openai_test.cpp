#include "tools/providers/openai.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

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
  CHECK(find_provider(ModelSettings{}) == find_provider("openai"));
}

TEST_CASE("a prompt that is not UTF-8 is sent with what cannot be written replaced", "[openai]") {
  const auto request = encode_openai({},
                                     {.system = "",
                                      .user = "a\xff"
                                              "b",
                                      .max_output_tokens = 1},
                                     false);
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
  settings.idle_timeout = std::chrono::seconds(4);
  const auto request = encode_openai(settings, {}, false);
  CHECK(request.connect_timeout == std::chrono::seconds(1));
  CHECK(request.first_byte_timeout == std::chrono::seconds(2));
  CHECK(request.total_timeout == std::chrono::seconds(3));
  CHECK(request.idle_timeout == std::chrono::seconds(4));
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

TEST_CASE("a 429 names the dimension that is exhausted, where the provider does", "[openai]") {
  const auto exhausted = [](const std::string& type) {
    return openai_error({429, {}, R"({"error":{"message":"m","code":"rate_limit_exceeded","type":")" + type + "\"}}"})
        .exhausted;
  };
  CHECK(exhausted("tokens") == Unit::tokens);
  CHECK(exhausted("requests") == Unit::requests);
  CHECK_FALSE(exhausted("else"));
  CHECK_FALSE(openai_error({429, {}, R"({"error":{"type":"tokens","code":"insufficient_quota"}})"}).exhausted);
}

}  // namespace
}  // namespace weir
