#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "simulator/gemini.h"
#include "simulator/likelihood.h"
#include "simulator/rules.h"
#include "simulator/text.h"
#include "simulator/wire.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;

http::Headers headers(const Envelope& envelope, const char* content_type = "application/json; charset=UTF-8") {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(envelope.latency).count();
  return {{"content-type", content_type},
          {"server-timing", "gfet4t7; dur=" + std::to_string(ms)},
          {"x-content-type-options", "nosniff"}};
}

Json error_json(const GeminiError& error) {
  Json inner = {{"code", error.status}, {"message", error.message}, {"status", error.name}};
  if (!error.details.empty()) inner["details"] = parse_json(error.details);
  return {{"error", std::move(inner)}};
}

http::Response error_response(const GeminiError& error, const Envelope& envelope) {
  return json_response(error.status, error_json(error), headers(envelope), envelope.latency);
}

Json usage_of(const Completion& completion, std::int64_t candidates) {
  Json usage = {{"promptTokenCount", completion.prompt_tokens}};
  if (candidates > 0) usage["candidatesTokenCount"] = candidates;
  usage["totalTokenCount"] = completion.prompt_tokens + candidates + completion.reasoning_tokens;
  if (completion.cache.read > 0) usage["cachedContentTokenCount"] = completion.cache.read;
  usage["promptTokensDetails"] = Json::array({{{"modality", "TEXT"}, {"tokenCount", completion.prompt_tokens}}});
  if (completion.reasoning_tokens > 0) usage["thoughtsTokenCount"] = completion.reasoning_tokens;
  return usage;
}

struct Piece {
  std::string_view text;
  bool thought = false;
  bool last = false;
  std::int64_t candidates = 0;  // tokens so far
};

Json logprobs_of(const std::vector<Step>& steps) {
  const auto written = [](const LikelyToken& one) {
    return Json{{"token", one.token}, {"tokenId", hash_of(one.token) % 256'000}, {"logProbability", one.logprob}};
  };
  Json top = Json::array(), chosen = Json::array();
  for (const Step& step : steps) {
    Json candidates = Json::array();
    for (const LikelyToken& one : step.candidates) candidates.push_back(written(one));
    top.push_back({{"candidates", std::move(candidates)}});
    chosen.push_back(written(step.chosen));
  }
  return {{"topCandidates", std::move(top)}, {"chosenCandidates", std::move(chosen)}};
}

double mean_of(const std::vector<Step>& steps) {
  double sum = 0;
  for (const Step& step : steps) sum += step.chosen.logprob;
  return sum / static_cast<double>(steps.size());
}

Json answer_json(const Question& question, const Completion& completion, const Envelope& envelope, const Piece& piece) {
  Json content = {{"parts", Json::array()}, {"role", "model"}};
  if (piece.last && !question.stream && question.thoughts_shown && !completion.thought.empty()) {
    content["parts"].push_back({{"text", completion.thought}, {"thought", true}});
  }
  if (!piece.text.empty()) {
    Json part = {{"text", piece.text}};
    if (piece.thought) part["thought"] = true;
    if (piece.last && completion.reasoning_tokens > 0) part["thoughtSignature"] = "CikBc2ltdWxhdGVk";
    content["parts"].push_back(std::move(part));
  }
  if (content["parts"].empty()) content.erase("parts");
  Json candidate = {{"content", std::move(content)}, {"index", 0}};
  if (question.candidates && !piece.thought && !piece.text.empty() && !completion.declined) {
    const std::vector<Step> steps = steps_of(completion, piece.text, *question.candidates);
    if (piece.last) candidate["avgLogprobs"] = mean_of(steps);
    candidate["logprobsResult"] = logprobs_of(steps);
  }
  if (piece.last) {
    const char* reason = completion.finish == Finish::length ? "MAX_TOKENS" : "STOP";
    candidate["finishReason"] = completion.declined ? "SAFETY" : reason;
    if (completion.declined) candidate.erase("content");
  }
  Json body = {{"candidates", Json::array({std::move(candidate)})}};
  if (completion.finish == Finish::filtered) {
    body = {{"promptFeedback", {{"blockReason", "PROHIBITED_CONTENT"}, {"safetyRatings", Json::array()}}}};
  }
  if (completion.usage_known) body["usageMetadata"] = usage_of(completion, piece.candidates);
  body["modelVersion"] = question.model;
  body["responseId"] = hex(envelope.id);
  return body;
}

std::vector<std::string> stream_of(const Question& question, const Completion& completion, const Envelope& envelope) {
  std::vector<Json> chunks;
  if (question.thoughts_shown && !completion.thought.empty() && !completion.declined) {
    chunks.push_back(answer_json(question, completion, envelope, {.text = completion.thought, .thought = true}));
  }
  const bool silent = completion.declined || completion.finish == Finish::filtered;
  const auto parts = silent ? std::vector<std::string_view>{} : pieces(completion.text, kStreamPiecesMax);
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    tokens += tokens_of(parts[i]);
    tokens = std::min(tokens, completion.text_tokens);
    chunks.push_back(answer_json(question, completion, envelope, {.text = parts[i], .candidates = tokens}));
  }
  chunks.push_back(answer_json(
      question, completion, envelope,
      {.text = parts.empty() ? std::string_view() : parts.back(), .last = true, .candidates = completion.text_tokens}));
  std::vector<std::string> flow;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    if (question.server_sent_events) {
      flow.push_back("data: " + dump(chunks[i]) + "\r\n\r\n");
    } else {
      flow.push_back((i == 0 ? "[" : ",\r\n") + dump(chunks[i]) + (i + 1 == chunks.size() ? "]" : ""));
    }
  }
  return flow;
}

// The path's parts: /v1beta/models/{model}:{verb}, /v1beta/models/{model}, /v1beta/models.
struct Target {
  std::string_view version, model, verb;
  bool is_models = false;
};

Target target_of(std::string_view path) {
  Target target;
  for (const std::string_view version : {"/v1beta/", "/v1/"}) {
    if (!path.starts_with(version)) continue;
    target.version = version.substr(1, version.size() - 2);
    path.remove_prefix(version.size());
    target.is_models = path == "models" || path.starts_with("models/");
    if (path.size() <= 7 || !target.is_models) return target;
    path.remove_prefix(7);
    target.model = path.substr(0, path.find(':'));
    if (target.model.size() < path.size()) target.verb = path.substr(target.model.size() + 1);
    return target;
  }
  return target;
}

std::optional<std::string_view> key_of(const http::Request& request) {
  if (const auto header = request.header("x-goog-api-key")) return header;
  std::string_view query = request.query;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.starts_with("key=")) return pair.substr(4);
  }
  return std::nullopt;
}

bool has_event_stream(std::string_view query) {
  return ("&" + std::string(query) + "&").find("&alt=sse&") != std::string::npos;
}

void check_key(const http::Request& request, std::string_view api_key) {
  const auto key = key_of(request);
  if (api_key.empty() || key == api_key) return;
  if (!key || key->empty()) {
    throw GeminiError{.status = 403,
                      .message =
                          "Method doesn't allow unregistered callers (callers without established identity). Please "
                          "use API Key or other form of API consumer identity to call this API.",
                      .name = "PERMISSION_DENIED"};
  }
  const Json details = Json::array({{{"@type", "type.googleapis.com/google.rpc.ErrorInfo"},
                                     {"reason", "API_KEY_INVALID"},
                                     {"domain", "googleapis.com"},
                                     {"metadata", {{"service", "generativelanguage.googleapis.com"}}}}});
  throw GeminiError{.message = "API key not valid. Please pass a valid API key.", .details = dump(details)};
}

std::string seconds_of(Span span) {
  char text[40];
  std::snprintf(text, sizeof text, "%lld.%09llds", static_cast<long long>(span.count() / 1'000'000'000),
                static_cast<long long>(span.count() % 1'000'000'000));
  return text;
}

GeminiError exhausted(const Question& question, Dimension dimension, std::int64_t limit, std::optional<Span> wait) {
  const bool tokens = dimension == Dimension::input_tokens;
  const char* id = "GenerateRequestsPerMinutePerProjectPerModel";
  if (tokens) id = "GenerateContentPaidTierInputTokensPerModelPerMinute";
  if (dimension == Dimension::daily_requests) id = "GenerateRequestsPerDayPerProjectPerModel";
  const std::string metric = std::string("generativelanguage.googleapis.com/generate_content_paid_tier_") +
                             (tokens ? "input_token_count" : "requests");
  Json details = Json::array(
      {{{"@type", "type.googleapis.com/google.rpc.QuotaFailure"},
        {"violations", Json::array({{{"quotaMetric", metric},
                                     {"quotaId", id},
                                     {"quotaDimensions", {{"location", "global"}, {"model", question.model}}},
                                     {"quotaValue", std::to_string(limit)}}})}},
       {{"@type", "type.googleapis.com/google.rpc.Help"},
        {"links", Json::array({{{"description", "Learn more about Gemini API quotas"},
                                {"url", "https://ai.google.dev/gemini-api/docs/rate-limits"}}})}}});
  std::string message =
      "You exceeded your current quota, please check your plan and billing details. * Quota exceeded for metric: " +
      metric + ", limit: " + std::to_string(limit) + ", model: " + question.model;
  if (wait) {
    message += "\nPlease retry in " + seconds_of(*wait) + ".";
    details.push_back({{"@type", "type.googleapis.com/google.rpc.RetryInfo"}, {"retryDelay", seconds_of(*wait)}});
  }
  return {.status = 429, .message = std::move(message), .name = "RESOURCE_EXHAUSTED", .details = dump(details)};
}

}  // namespace

// The older /v1 is shared with others; who speaks this dialect says so by the key's header or by the path's verb.
bool Gemini::owns(const http::Request& request) const {
  if (request.path.starts_with("/v1beta/")) return true;
  if (!request.path.starts_with("/v1/")) return false;
  return key_of(request).has_value() || !target_of(request.path).verb.empty();
}

std::variant<Question, ModelsAsked, http::Response> Gemini::read(const http::Request& request, std::string_view api_key,
                                                                 const Envelope& envelope) const {
  try {
    check_key(request, api_key);
    const Target target = target_of(request.path);
    if (!target.is_models) return no_such_path(request, envelope);
    if (target.verb.empty()) {
      if (request.method != "GET") return no_such_path(request, envelope);
      if (target.model.empty()) return ModelsAsked{};
      return ModelsAsked{std::string(target.model)};
    }
    if (request.method != "POST") return no_such_path(request, envelope);
    if (target.verb == "generateContent") return read_gemini_question(target.model, request.body);
    if (target.verb == "streamGenerateContent") {
      Question question = read_gemini_question(target.model, request.body);
      question.stream = true;
      question.server_sent_events = has_event_stream(request.query);
      return question;
    }
    if (target.verb == "embedContent") return read_gemini_embedding(target.model, request.body, false);
    if (target.verb == "batchEmbedContents") return read_gemini_embedding(target.model, request.body, true);
    if (target.verb != "countTokens") return no_such_path(request, envelope);
    const std::int64_t tokens = read_gemini_count(target.model, request.body).prompt_tokens;
    return json_response(200,
                         {{"totalTokens", tokens},
                          {"promptTokensDetails", Json::array({{{"modality", "TEXT"}, {"tokenCount", tokens}}})}},
                         headers(envelope), Span(0));
  } catch (const GeminiError& error) {
    return error_response(error, envelope);
  }
}

http::Response Gemini::answer(const Question& question, const Completion& completion, const Envelope& envelope) const {
  if (question.call == Call::embed_one || question.call == Call::embed_many) {
    Json all = Json::array();
    for (const std::string& input : question.vectors.inputs) {
      all.push_back({{"values", direction_of(input, question.vectors.dimensions)}});
    }
    const Json body = question.call == Call::embed_one ? Json{{"embedding", all.front()}} : Json{{"embeddings", all}};
    return json_response(200, body, headers(envelope), envelope.latency);
  }
  if (question.stream) {
    const char* type = question.server_sent_events ? "text/event-stream" : "application/json; charset=UTF-8";
    return stream_response(stream_of(question, completion, envelope), headers(envelope, type), envelope.latency);
  }
  const Piece whole{.text = completion.text, .last = true, .candidates = completion.text_tokens};
  return json_response(200, answer_json(question, completion, envelope, whole), headers(envelope), envelope.latency);
}

http::Response Gemini::refuse(const Question& question, const Refusal& refusal, const Envelope& envelope) const {
  return error_response(exhausted(question, refusal.dimension, refusal.limit, refusal.wait), envelope);
}

http::Response Gemini::fail(const Question& question, Fault fault, const Envelope& envelope) const {
  if (fault == Fault::refuse_once) {
    return error_response(exhausted(question, Dimension::requests, 10, std::chrono::milliseconds(24)), envelope);
  }
  if (fault == Fault::no_credit) {
    return error_response({.status = 429,
                           .message = "Your project has exceeded its spending cap. Please check your plan and billing "
                                      "details.",
                           .name = "RESOURCE_EXHAUSTED"},
                          envelope);
  }
  if (fault == Fault::overloaded || fault == Fault::site_overloaded) {
    return error_response(
        {.status = 503, .message = "The model is overloaded. Please try again later.", .name = "UNAVAILABLE"},
        envelope);
  }
  return error_response({.status = 500, .message = "An internal error has occurred.", .name = "INTERNAL"}, envelope);
}

std::string Gemini::error_event(const Question& question, const Envelope&) const {
  const Json error =
      error_json({.status = 503, .message = "The model is overloaded. Please try again later.", .name = "UNAVAILABLE"});
  return question.server_sent_events ? "data: " + dump(error) + "\r\n\r\n" : ",\r\n" + dump(error) + "]";
}

std::string Gemini::idle_event() const { return ": keep-alive\r\n\r\n"; }

http::Response Gemini::models(const std::vector<std::string>& names, const ModelsAsked& asked,
                              const Envelope& envelope) const {
  const auto entry = [](const std::string& name) {
    const GeminiModel& model = gemini_model(name);
    return Json{{"name", "models/" + name},
                {"version", "001"},
                {"displayName", name},
                {"inputTokenLimit", model.context},
                {"outputTokenLimit", model.max_output},
                {"supportedGenerationMethods", {"generateContent", "countTokens", "embedContent"}}};
  };
  if (asked.one) return json_response(200, entry(*asked.one), headers(envelope), Span(0));
  Json list = Json::array();
  for (const std::string& name : names) list.push_back(entry(name));
  return json_response(200, {{"models", std::move(list)}}, headers(envelope), Span(0));
}

http::Response Gemini::no_such_model(std::string_view name, const Envelope& envelope) const {
  return error_response({.status = 404,
                         .message = "models/" + std::string(name) +
                                    " is not found for API version v1beta, or is not supported for generateContent. "
                                    "Call ListModels to see the list of available models and their supported methods.",
                         .name = "NOT_FOUND"},
                        envelope);
}

http::Response Gemini::malformed(const http::Malformed& what, const Envelope& envelope) const {
  return error_response({.status = what.status, .message = what.message}, envelope);
}

http::Response Gemini::no_such_path(const http::Request& request, const Envelope& envelope) const {
  return error_response(
      {.status = 404,
       .message = "The requested URL " + request.path.substr(0, 200) + " was not found on this server.",
       .name = "NOT_FOUND"},
      envelope);
}

}  // namespace simulator
