#include "simulator/openrouter.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "simulator/openai.h"
#include "simulator/wire.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kRoot = "/api/v1";
constexpr const char* kWorking = ": OPENROUTER PROCESSING\n\n";
constexpr double kInputPrice = 1e-6;  // dollars per token
constexpr double kOutputPrice = 5e-6;

http::Headers headers(const Envelope& envelope, const char* content_type = "application/json") {
  return {{"content-type", content_type}, {"x-generation-id", "gen-" + hex(envelope.id)}};
}

Json error_json(int code, const std::string& message, const std::string& type) {
  return {{"error", {{"code", code}, {"message", message}, {"metadata", {{"error_type", type}}}}}};
}

http::Response error_response(int code, const std::string& message, const std::string& type, const Envelope& envelope) {
  Json body = error_json(code, message, type);
  body["user_id"] = "user_simulator";
  return json_response(code, body, headers(envelope), envelope.latency);
}

void add_cost(Json& body, const Completion& completion) {
  if (!body.contains("usage") || !body["usage"].is_object()) return;
  const double prompt = static_cast<double>(completion.prompt_tokens) * kInputPrice;
  const double output = static_cast<double>(completion.output_tokens()) * kOutputPrice;
  body["usage"]["cost"] = prompt + output;
  body["usage"]["is_byok"] = false;
  body["usage"]["cost_details"] = {{"upstream_inference_cost", nullptr},
                                   {"upstream_inference_prompt_cost", prompt},
                                   {"upstream_inference_completions_cost", output}};
}

void add_native_reason(Json& body) {
  body["provider"] = "Simulator";
  for (Json& choice : body["choices"]) choice["native_finish_reason"] = choice["finish_reason"];
}

// An answer's thoughts, where they are shown, come before its text.
Json with_thoughts(Json body, const Question& question, const Completion& completion) {
  if (!question.thoughts_shown || completion.thought.empty()) return body;
  Json& message = body["choices"][0].contains("message") ? body["choices"][0]["message"] : body["choices"][0]["delta"];
  message["reasoning"] = completion.thought;
  message["reasoning_details"] =
      Json::array({{{"type", "reasoning.text"}, {"text", completion.thought}, {"index", 0}}});
  return body;
}

std::vector<std::string> stream_of(const Question& question, const Completion& completion, const Envelope& envelope) {
  std::vector<std::string> events = {kWorking, kWorking};
  bool first = true;
  for (const std::string& plain : chat_stream(question, completion, envelope)) {
    Json body = parse_json(std::string_view(plain).substr(6));
    if (!body.is_object()) {
      events.push_back(plain);
      continue;
    }
    add_native_reason(body);
    add_cost(body, completion);
    if (first) body = with_thoughts(std::move(body), question, completion);
    first = false;
    events.push_back(event(body));
    if (events.size() % 16 == 0) events.emplace_back(kWorking);
  }
  return events;
}

std::string generation_id(const std::string& id) { return "gen-" + id; }

}  // namespace

bool OpenRouter::owns(const http::Request& request) const { return request.path.starts_with(kRoot); }

std::variant<Question, ModelsAsked, http::Response> OpenRouter::read(const http::Request& request,
                                                                     std::string_view api_key,
                                                                     const Envelope& envelope) const {
  const std::string_view path = std::string_view(request.path).substr(kRoot.size());
  if (path == "/models" && request.method == "GET") return ModelsAsked{};  // public: proves nothing about the key
  const auto authorization = request.header("authorization");
  if (!api_key.empty() && authorization != "Bearer " + std::string(api_key)) {
    return error_response(401, authorization ? "User not found." : "No auth credentials found", "authentication",
                          envelope);
  }
  if (path == "/key" && request.method == "GET") {
    return json_response(200,
                         {{"data",
                           {{"label", "sk-or-v1-simulator"},
                            {"limit", nullptr},
                            {"limit_remaining", nullptr},
                            {"usage", 0.0},
                            {"is_free_tier", false},
                            {"free_model_daily_requests", {{"limit", 1000}, {"remaining", 1000}, {"used", 0}}}}}},
                         headers(envelope), Span(0));
  }
  if (path != "/chat/completions" || request.method != "POST") return no_such_path(request, envelope);
  try {
    return read_openrouter_question(request.body);
  } catch (const OpenAiError& error) {
    return error_response(error.status, error.message, "invalid_request", envelope);
  }
}

http::Response OpenRouter::answer(const Question& question, const Completion& completion,
                                  const Envelope& envelope) const {
  if (question.stream) {
    return stream_response(stream_of(question, completion, envelope), headers(envelope, "text/event-stream"),
                           envelope.latency);
  }
  Json body = chat_answer(question, completion, envelope);
  body["id"] = generation_id(hex(envelope.id));
  add_native_reason(body);
  add_cost(body, completion);
  return json_response(200, with_thoughts(std::move(body), question, completion), headers(envelope), envelope.latency);
}

http::Response OpenRouter::refuse(const Question&, const Refusal& refusal, const Envelope& envelope) const {
  const bool daily = refusal.dimension == Dimension::daily_requests;
  http::Response response = error_response(429, std::string("Rate limit exceeded: limit_") + (daily ? "rpd" : "rpm"),
                                           "rate_limit_exceeded", envelope);
  const Span wait = refusal.wait.value_or(Span(0));
  const auto reset_ms =
      envelope.unix_time * 1000 + std::chrono::ceil<std::chrono::milliseconds>(envelope.into_second + wait).count();
  response.headers.emplace_back("x-ratelimit-limit", std::to_string(refusal.limit));
  response.headers.emplace_back("x-ratelimit-remaining", "0");
  response.headers.emplace_back("x-ratelimit-reset", std::to_string(reset_ms));
  response.headers.emplace_back("retry-after", std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count()));
  return response;
}

http::Response OpenRouter::fail(const Question&, Fault fault, const Envelope& envelope) const {
  if (fault == Fault::no_credit) {
    return error_response(402, "Insufficient credits. Add more using https://openrouter.ai/settings/credits",
                          "payment_required", envelope);
  }
  if (fault == Fault::refuse_once) {
    http::Response response = error_response(429, "Provider returned error", "rate_limit_exceeded", envelope);
    response.headers.emplace_back("retry-after", "1");
    response.headers.emplace_back("retry-after-ms", "24");
    return response;
  }
  if (fault == Fault::overloaded) {
    http::Response response = error_response(503, "No available model provider that meets your routing requirements",
                                             "provider_overloaded", envelope);
    response.headers.emplace_back("retry-after", "1");
    return response;
  }
  if (fault == Fault::site_overloaded)
    return error_response(502, "Provider returned error", "provider_unavailable", envelope);
  return error_response(500, "Internal Server Error", "server", envelope);
}

std::string OpenRouter::error_event(const Question& question, const Envelope& envelope) const {
  Json body = {{"id", generation_id(hex(envelope.id))},
               {"object", "chat.completion.chunk"},
               {"created", envelope.unix_time},
               {"model", question.model},
               {"provider", "Simulator"}};
  body.update(error_json(502, "Provider disconnected unexpectedly", "provider_unavailable"));
  body["choices"] = Json::array({{{"index", 0}, {"delta", {{"content", ""}}}, {"finish_reason", "error"}}});
  return event(body);
}

std::string OpenRouter::idle_event() const { return kWorking; }

http::Response OpenRouter::models(const std::vector<std::string>& names, const ModelsAsked&,
                                  const Envelope& envelope) const {
  Json list = Json::array();
  for (const std::string& name : names) {
    list.push_back({{"id", name}, {"name", name}, {"created", 1'700'000'000}, {"context_length", 1'000'000}});
  }
  return json_response(200, {{"data", std::move(list)}}, headers(envelope), Span(0));
}

http::Response OpenRouter::no_such_model(std::string_view name, const Envelope& envelope) const {
  return error_response(400, std::string(name) + " is not a valid model ID", "invalid_request", envelope);
}

http::Response OpenRouter::malformed(const http::Malformed& what, const Envelope& envelope) const {
  return error_response(what.status, what.message, "invalid_request", envelope);
}

http::Response OpenRouter::no_such_path(const http::Request&, const Envelope& envelope) const {
  return error_response(404, "Not Found", "not_found", envelope);
}

}  // namespace simulator
