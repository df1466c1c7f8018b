#include <catch2/catch.hpp>

#include "tests/tools/providers/golden.h"

namespace weir {
namespace {

ModelSettings settings_of(const std::string& provider, const std::string& model, const std::string& base_url) {
  ModelSettings settings;
  settings.provider = provider;
  settings.model = model;
  settings.base_url = base_url;
  settings.api_key = Secret("key-of-a-test", "env:KEY");
  return settings;
}

std::optional<CallError> judge(const ModelSettings& settings, int status, const std::string& body) {
  return find_provider(settings)->judge_probe(settings, {status, {}, body});
}

const ModelSettings kOpenAi = settings_of("openai", "gpt-6-luna", "https://api.openai.com/v1");
const ModelSettings kLocal = settings_of("compatible", "llama3.2", "http://127.0.0.1:11434/v1");
const ModelSettings kRouter = settings_of("openrouter", "meta/llama", "https://openrouter.ai/api/v1");
const ModelSettings kAnthropic = settings_of("anthropic", "claude-sonnet-5-5", "https://api.anthropic.com");
const ModelSettings kGoogle =
    settings_of("google", "gemini-3.8-flash", "https://generativelanguage.googleapis.com/v1beta");

TEST_CASE("a probe asks for the model, or for the key, and sends nothing that costs", "[probe]") {
  const auto probe = [](const ModelSettings& settings) {
    const HttpRequest request = find_provider(settings)->probe(settings);
    CHECK(request.method == "GET");
    CHECK(request.body.empty());
    CHECK(request.total_timeout <= std::chrono::seconds(20));
    std::string text = request.url;
    for (const auto& [name, value] : request.headers)
      if (name != "Accept") text += '\n' + name + ": " + value;
    return text;
  };
  CHECK(probe(kOpenAi) == "https://api.openai.com/v1/models/gpt-6-luna\nAuthorization: Bearer key-of-a-test");
  CHECK(probe(kLocal) == "http://127.0.0.1:11434/v1/models\nAuthorization: Bearer key-of-a-test");
  CHECK(probe(kRouter) == "https://openrouter.ai/api/v1/key\nAuthorization: Bearer key-of-a-test");
  CHECK(probe(kAnthropic) ==
        "https://api.anthropic.com/v1/models/claude-sonnet-5-5\nx-api-key: key-of-a-test\n"
        "anthropic-version: 2023-06-01");
  CHECK(probe(kGoogle) ==
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-3.8-flash\n"
        "x-goog-api-key: key-of-a-test");
  CHECK(probe(settings_of("openai", "ft:gpt-4o:org/a b", "https://api.openai.com/v1")) ==
        "https://api.openai.com/v1/models/ft:gpt-4o:org%2Fa%20b\nAuthorization: Bearer key-of-a-test");
}

TEST_CASE("a key that is refused, and a model that is not there, are told apart", "[probe]") {
  const auto fault = [](const ModelSettings& settings, int status, const std::string& body) {
    const auto error = judge(settings, status, body);
    REQUIRE(error.has_value());
    return error->error.fault;
  };
  for (const ModelSettings* settings : {&kOpenAi, &kLocal, &kRouter, &kAnthropic, &kGoogle}) {
    INFO(settings->provider);
    CHECK(fault(*settings, 401, R"({"error":{"message":"no"}})") == Fault::denied);
    CHECK(fault(*settings, 404, R"({"error":{"message":"no"}})") == Fault::not_found);
    CHECK(fault(*settings, 503, "") == Fault::unavailable);  // which says nothing of the key
    CHECK(judge(*settings, 503, "")->retry);
  }
  CHECK(fault(kGoogle, 400,
              R"({"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":)"
              R"([{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}})") ==
        Fault::denied);
}

TEST_CASE("a model that answers is good", "[probe]") {
  CHECK_FALSE(judge(kOpenAi, 200, R"({"id":"gpt-6-luna","object":"model"})"));
  CHECK_FALSE(judge(kAnthropic, 200, R"({"type":"model","id":"claude-sonnet-5-5"})"));
  CHECK_FALSE(judge(kGoogle, 200, R"({"name":"models/gemini-3.8-flash"})"));
}

TEST_CASE("a key that may complete but not list is good", "[probe]") {
  CHECK_FALSE(judge(kOpenAi, 403,
                    R"({"error":{"message":"You have insufficient permissions for this operation. )"
                    R"(Missing scopes: api.model.read.","type":"invalid_request_error"}})"));
  CHECK(judge(kOpenAi, 403, R"({"error":{"message":"Country, region, or territory not supported"}})").has_value());
}

TEST_CASE("a compatible server must list the model, by Ollama's and llama.cpp's ways too", "[probe]") {
  CHECK_FALSE(judge(kLocal, 200, R"({"data":[{"id":"mistral"},{"id":"llama3.2"}]})"));
  CHECK_FALSE(judge(kLocal, 200, R"({"data":[{"id":"llama3.2:latest","owned_by":"library"}]})"));
  CHECK_FALSE(judge(kLocal, 200, R"({"data":[{"id":"/models/q4.gguf","owned_by":"llamacpp"}]})"));
  const auto other = judge(kLocal, 200, R"({"data":[{"id":"mistral"},{"id":"llama3.2:1b"}]})");
  REQUIRE(other.has_value());
  CHECK(other->error.fault == Fault::not_found);
  CHECK(other->error.message == "the server does not list the model \"llama3.2\"; it has mistral, llama3.2:1b");
  CHECK(judge(kLocal, 200, R"({"data":[]})")->error.message.ends_with("it has none"));
  CHECK(judge(kLocal, 200, "<html>")->error.fault == Fault::bad_reply);
  CHECK(judge(kLocal, 200, R"({"models":[]})")->error.fault == Fault::bad_reply);
}

TEST_CASE("a key of OpenRouter's is good while it has credit, or no limit", "[probe]") {
  CHECK_FALSE(judge(kRouter, 200, R"({"data":{"label":"k","limit":null,"limit_remaining":null}})"));
  CHECK_FALSE(judge(kRouter, 200, R"({"data":{"label":"k","limit":10,"limit_remaining":0.01}})"));
  CHECK(judge(kRouter, 200, R"({"data":{"label":"k","limit":10,"limit_remaining":0}})")->error.fault ==
        Fault::exhausted);
  CHECK(judge(kRouter, 200, "{}")->error.fault == Fault::bad_reply);
}

TEST_CASE("the table has each provider, and the other way of calling where there is one", "[probe]") {
  for (const char* name :
       {"openai", "openai/responses", "compatible", "compatible/responses", "openrouter", "anthropic", "google"}) {
    INFO(name);
    REQUIRE(find_provider(name) != nullptr);
    CHECK(find_provider(name)->name == name);
  }
  CHECK(find_provider("cohere") == nullptr);
  for (const char* provider : {"openai", "compatible"}) {
    ModelSettings settings;
    settings.provider = provider;
    CHECK(find_provider(settings)->name == provider);
    settings.api = "responses";
    CHECK(find_provider(settings)->name == std::string(provider) + "/responses");
  }
}

}  // namespace
}  // namespace weir
