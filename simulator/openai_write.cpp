#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "simulator/likelihood.h"
#include "simulator/openai.h"
#include "simulator/rules.h"
#include "simulator/text.h"
#include "simulator/wire.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;  // fields in the order in which the real API writes them

constexpr std::string_view kModels = "/v1/models";

http::Headers headers(const Envelope& envelope, const char* content_type = "application/json") {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(envelope.latency).count();
  http::Headers all = {{"content-type", content_type},
                       {"x-request-id", "req_" + hex(envelope.id)},
                       {"openai-organization", "org-simulator"},
                       {"openai-processing-ms", std::to_string(ms)},
                       {"openai-version", "2020-10-01"}};
  const auto& requests = envelope.of(Dimension::requests);
  const auto& tokens = envelope.of(Dimension::tokens);
  if (requests && tokens) {
    all.emplace_back("x-ratelimit-limit-requests", std::to_string(requests->limit));
    all.emplace_back("x-ratelimit-limit-tokens", std::to_string(tokens->limit));
    all.emplace_back("x-ratelimit-remaining-requests", std::to_string(requests->remaining));
    all.emplace_back("x-ratelimit-remaining-tokens", std::to_string(tokens->remaining));
    all.emplace_back("x-ratelimit-reset-requests", go_duration(requests->until_full));
    all.emplace_back("x-ratelimit-reset-tokens", go_duration(tokens->until_full));
  }
  return all;
}

Json error_object(const OpenAiError& error) {
  return {{"error",
           {{"message", error.message},
            {"type", error.type},
            {"param", error.param ? Json(*error.param) : Json()},
            {"code", error.code ? Json(*error.code) : Json()}}}};
}

http::Response error_response(const OpenAiError& error, const Envelope& envelope) {
  return json_response(error.status, error_object(error), headers(envelope), envelope.latency);
}

Json usage_of(const Question& question, const Completion& completion) {
  const std::int64_t written = openai_model(question.model).cache_write ? completion.cache.written : 0;
  return {{"prompt_tokens", completion.prompt_tokens},
          {"completion_tokens", completion.output_tokens()},
          {"total_tokens", completion.total_tokens()},
          {"prompt_tokens_details",
           {{"cached_tokens", completion.cache.read}, {"audio_tokens", 0}, {"cache_write_tokens", written}}},
          {"completion_tokens_details",
           {{"reasoning_tokens", completion.reasoning_tokens},
            {"audio_tokens", 0},
            {"accepted_prediction_tokens", 0},
            {"rejected_prediction_tokens", 0}}}};
}

const char* finish_of(const Completion& completion) {
  if (completion.finish == Finish::filtered) return "content_filter";
  return completion.finish == Finish::length ? "length" : "stop";
}

// Of an answer, or of a piece of it.
Json logprobs_of(const Question& question, const Completion& completion, std::string_view text) {
  if (!question.candidates) return nullptr;
  Json tokens = openai_logprobs(steps_of(completion, text, *question.candidates));
  Json none = nullptr;
  if (completion.declined) std::swap(tokens, none);
  return {{"content", std::move(tokens)}, {"refusal", std::move(none)}};
}

OpenAiError unauthorized(const std::optional<std::string_view>& authorization) {
  if (!authorization || !authorization->starts_with("Bearer ") || authorization->size() == 7) {
    return {.status = 401,
            .message =
                "You didn't provide an API key. You need to provide your API key in an Authorization header using "
                "Bearer auth "
                "(i.e. Authorization: Bearer YOUR_KEY).",
            .param = {},
            .code = {}};
  }
  return {.status = 401,
          .message = "Incorrect API key provided: " + masked_key(authorization->substr(7)) +
                     ". You can find your API key at https://platform.openai.com/account/api-keys.",
          .param = {},
          .code = "invalid_api_key"};
}

http::Response method_not_allowed(const char* allowed, const Envelope& envelope) {
  http::Response response = error_response({.status = 405,
                                            .message = std::string("Only ") + allowed + " requests are accepted.",
                                            .param = {},
                                            .code = "method_not_supported"},
                                           envelope);
  response.headers.emplace_back("allow", allowed);
  return response;
}

void add_retry_after(http::Response& response, Span wait) {
  const std::int64_t ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  response.headers.emplace_back("retry-after", std::to_string((ms + 999) / 1000));
  response.headers.emplace_back("retry-after-ms", std::to_string(ms));
}

}  // namespace

Json chat_answer(const Question& question, const Completion& completion, const Envelope& envelope) {
  Json message = {
      {"role", "assistant"}, {"content", completion.text}, {"refusal", nullptr}, {"annotations", Json::array()}};
  if (completion.declined) std::swap(message["content"], message["refusal"]);
  Json body = {{"id", "chatcmpl-" + hex(envelope.id)},
               {"object", "chat.completion"},
               {"created", envelope.unix_time},
               {"model", question.model},
               {"choices", Json::array({{{"index", 0},
                                         {"message", std::move(message)},
                                         {"logprobs", logprobs_of(question, completion, completion.text)},
                                         {"finish_reason", finish_of(completion)}}})}};
  if (completion.usage_known) body["usage"] = usage_of(question, completion);
  body["service_tier"] = "default";
  body["system_fingerprint"] = nullptr;
  return body;
}

std::vector<std::string> chat_stream(const Question& question, const Completion& completion, const Envelope& envelope) {
  Json chunk = {{"id", "chatcmpl-" + hex(envelope.id)},
                {"object", "chat.completion.chunk"},
                {"created", envelope.unix_time},
                {"model", question.model},
                {"service_tier", "default"},
                {"system_fingerprint", nullptr},
                {"choices", Json::array()}};
  const bool with_usage = question.usage_in_stream && completion.usage_known;
  if (with_usage) chunk["usage"] = nullptr;
  const auto delta = [&](Json content, Json finish, Json logprobs = nullptr) {
    Json choice = {{"index", 0},
                   {"delta", std::move(content)},
                   {"logprobs", std::move(logprobs)},
                   {"finish_reason", std::move(finish)}};
    chunk["choices"] = Json::array({std::move(choice)});
    return event(chunk);
  };
  std::vector<std::string> events;
  const char* field = completion.declined ? "refusal" : "content";
  if (completion.declined) {
    events.push_back(delta({{"role", "assistant"}, {"content", nullptr}, {"refusal", ""}}, nullptr));
  } else {
    events.push_back(delta({{"role", "assistant"}, {"content", ""}, {"refusal", nullptr}}, nullptr));
  }
  for (const std::string_view piece : pieces(completion.text, kStreamPiecesMax)) {
    events.push_back(delta({{field, std::string(piece)}}, nullptr, logprobs_of(question, completion, piece)));
  }
  events.push_back(delta(Json::object(), finish_of(completion)));
  if (with_usage) {
    chunk["choices"] = Json::array();
    chunk["usage"] = usage_of(question, completion);
    events.push_back(event(chunk));
  }
  events.emplace_back("data: [DONE]\n\n");
  return events;
}

std::string go_duration(Span span) {
  const std::int64_t ms = std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(span).count());
  if (ms == 0) return "0s";
  if (ms < 1000) return std::to_string(ms) + "ms";
  std::string text;
  if (ms >= 3'600'000) text += std::to_string(ms / 3'600'000) + "h";
  if (ms >= 60'000) text += std::to_string(ms / 60'000 % 60) + "m";
  text += std::to_string(ms / 1000 % 60);
  if (ms % 1000 != 0) {
    std::string fraction = std::to_string(1000 + ms % 1000).substr(1);
    while (fraction.back() == '0') fraction.pop_back();
    text += "." + fraction;
  }
  return text + "s";
}

std::string masked_key(std::string_view key) {
  if (key.size() < 12) return std::string(std::min<std::size_t>(key.size(), 12), '*');
  const std::size_t stars = std::min<std::size_t>(key.size() - 7, 32);
  return std::string(key.substr(0, 3)) + std::string(stars, '*') + std::string(key.substr(key.size() - 4));
}

bool OpenAi::owns(const http::Request& request) const { return request.path.starts_with("/v1/"); }

std::variant<Question, ModelsAsked, http::Response> OpenAi::read(const http::Request& request, std::string_view api_key,
                                                                 const Envelope& envelope) const {
  const auto authorization = request.header("authorization");
  if (!api_key.empty() && authorization != "Bearer " + std::string(api_key)) {
    return error_response(unauthorized(authorization), envelope);
  }
  const std::string_view path = request.path;
  const bool chat = path == "/v1/chat/completions", responses = path == "/v1/responses";
  const bool counted = path == "/v1/responses/input_tokens";
  if (chat || responses || counted || path == "/v1/embeddings") {
    if (request.method != "POST") return method_not_allowed("POST", envelope);
    try {
      if (chat) return read_openai_question(request.body);
      if (responses) return read_responses_question(request.body);
      if (!counted) return read_embeddings_question(request.body);
      const std::int64_t tokens = read_responses_question(request.body).prompt_tokens;
      return json_response(200, {{"object", "response.input_tokens"}, {"input_tokens", tokens}}, headers(envelope),
                           Span(0));
    } catch (const OpenAiError& error) {
      return error_response(error, envelope);
    }
  }
  if (path == kModels || path.starts_with("/v1/models/")) {
    if (request.method != "GET") return method_not_allowed("GET", envelope);
    if (path == kModels) return ModelsAsked{};
    return ModelsAsked{std::string(path.substr(kModels.size() + 1))};
  }
  return no_such_path(request, envelope);
}

http::Response OpenAi::answer(const Question& question, const Completion& completion, const Envelope& envelope) const {
  const bool responses = question.call == Call::responses;
  if (question.stream) {
    return stream_response(
        responses ? responses_stream(question, completion, envelope) : chat_stream(question, completion, envelope),
        headers(envelope, "text/event-stream; charset=utf-8"), envelope.latency);
  }
  if (question.call == Call::embeddings) {
    return json_response(200, embeddings_answer(question), headers(envelope), envelope.latency);
  }
  return json_response(
      200, responses ? responses_answer(question, completion, envelope) : chat_answer(question, completion, envelope),
      headers(envelope), envelope.latency);
}

http::Response OpenAi::refuse(const Question& question, const Refusal& refusal, const Envelope& envelope) const {
  const bool tokens = refusal.dimension == Dimension::tokens;
  const bool daily = refusal.dimension == Dimension::daily_requests;
  const char* what = daily ? "requests per day (RPD): Limit " : "requests per min (RPM): Limit ";
  const std::string where = "for " + question.model + " in organization org-simulator on " +
                            (tokens ? "tokens per min (TPM): Limit " : what) + std::to_string(refusal.limit);
  OpenAiError error{
      .status = 429, .message = {}, .type = tokens ? "tokens" : "requests", .param = {}, .code = "rate_limit_exceeded"};
  if (!refusal.wait) {
    error.message = "Request too large " + where + ", Requested " + std::to_string(refusal.requested) +
                    ". The input or output tokens must be reduced in order to run successfully.";
    return error_response(error, envelope);
  }
  error.message = "Rate limit reached " + where + ", Used " + std::to_string(refusal.used) + ", Requested " +
                  std::to_string(refusal.requested) + ". Please try again in " + go_duration(*refusal.wait) + ".";
  http::Response response = error_response(error, envelope);
  add_retry_after(response, *refusal.wait);
  return response;
}

http::Response OpenAi::fail(const Question& question, Fault fault, const Envelope& envelope) const {
  if (fault == Fault::refuse_once) {
    const Refusal full{.dimension = Dimension::requests,
                       .limit = 500,
                       .used = 500,
                       .requested = 1,
                       .wait = std::chrono::milliseconds(24)};
    return refuse(question, full, envelope);
  }
  OpenAiError error{.status = 500,
                    .message = "The server had an error while processing your request. Sorry about that!",
                    .type = "server_error",
                    .param = {},
                    .code = {}};
  if (fault == Fault::overloaded) {
    error = {.status = 503,
             .message = "The engine is currently overloaded, please try again later.",
             .type = "service_unavailable_error",
             .param = {},
             .code = "server_is_overloaded"};
  } else if (fault == Fault::site_overloaded) {
    error = {.status = 503,
             .message = "Slow down: traffic has risen too fast. Please reduce it and try again later.",
             .type = "service_unavailable_error",
             .param = {},
             .code = "slow_down"};
  } else if (fault == Fault::no_credit) {
    error = {
        .status = 429,
        .message =
            "You exceeded your current quota, please check your plan and billing details. For more information on this "
            "error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
        .type = "insufficient_quota",
        .param = {},
        .code = "insufficient_quota"};
  }
  return error_response(error, envelope);
}

std::string OpenAi::error_event(const Question& question, const Envelope&) const {
  const std::string message = "The server had an error while processing your request. Sorry about that!";
  if (question.call == Call::responses) {
    return event("error", {{"type", "error"},
                           {"code", "server_error"},
                           {"message", message},
                           {"param", nullptr},
                           {"sequence_number", 2}});
  }
  return event(error_object({.status = 500, .message = message, .type = "server_error", .param = {}, .code = {}}));
}

std::string OpenAi::idle_event() const { return ": keep-alive\n\n"; }

http::Response OpenAi::models(const std::vector<std::string>& names, const ModelsAsked& asked,
                              const Envelope& envelope) const {
  const auto entry = [&](const std::string& name) {
    return Json{{"id", name}, {"object", "model"}, {"created", 1'700'000'000}, {"owned_by", "weir-simulator"}};
  };
  Json body;
  if (asked.one) {
    body = entry(*asked.one);
  } else {
    Json list = Json::array();
    for (const std::string& name : names) list.push_back(entry(name));
    body = {{"object", "list"}, {"data", std::move(list)}};
  }
  return json_response(200, body, headers(envelope), Span(0));
}

http::Response OpenAi::no_such_model(std::string_view name, const Envelope& envelope) const {
  return error_response(
      {.status = 404,
       .message = "The model `" + std::string(name) + "` does not exist or you do not have access to it.",
       .param = {},
       .code = "model_not_found"},
      envelope);
}

http::Response OpenAi::malformed(const http::Malformed& what, const Envelope& envelope) const {
  return error_response({.status = what.status, .message = what.message, .param = {}, .code = {}}, envelope);
}

http::Response OpenAi::no_such_path(const http::Request& request, const Envelope& envelope) const {
  return error_response({.status = 404,
                         .message = "Unknown request URL: " + request.method + " " + request.path.substr(0, 200) +
                                    ". Please check the URL for typos, or see the docs at "
                                    "https://platform.openai.com/docs/api-reference/.",
                         .param = {},
                         .code = "unknown_url"},
                        envelope);
}

}  // namespace simulator
