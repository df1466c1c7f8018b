#include <algorithm>
#include <nlohmann/json.hpp>

#include "simulator/anthropic.h"
#include "simulator/rules.h"
#include "simulator/text.h"
#include "simulator/wire.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kMessages = "/v1/messages";
constexpr std::string_view kCount = "/v1/messages/count_tokens";
constexpr std::string_view kModels = "/v1/models";
constexpr const char* kOpaque = "EqQBCkYIBxgCKkDsaW11bGF0ZWQgc2lnbmF0dXJlLCBub3QgdG8gYmUgcmVhZA==";

std::string request_id(const Envelope& envelope) { return "req_" + hex(envelope.id); }

// The time at which all is full again, in whole seconds rounded up.
std::string time_after(Span span, const Envelope& envelope) {
  return rfc3339(envelope.unix_time + std::chrono::ceil<std::chrono::seconds>(envelope.into_second + span).count());
}

std::string rounded_to_1000(std::int64_t tokens) { return std::to_string((tokens + 500) / 1000 * 1000); }

http::Headers headers(const Envelope& envelope, const char* content_type = "application/json") {
  http::Headers all = {{"content-type", content_type},
                       {"request-id", request_id(envelope)},
                       {"anthropic-organization-id", "00000000-0000-4000-8000-000000000000"},
                       {"anthropic-workspace-id", "wrkspc_simulator"}};
  const auto& requests = envelope.of(Dimension::requests);
  const auto& input = envelope.of(Dimension::input_tokens);
  const auto& output = envelope.of(Dimension::output_tokens);
  if (!requests || !input || !output) return all;
  const auto add = [&](const std::string& name, const Standing& state, std::string remaining) {
    all.emplace_back("anthropic-ratelimit-" + name + "-limit", std::to_string(state.limit));
    all.emplace_back("anthropic-ratelimit-" + name + "-remaining", std::move(remaining));
    all.emplace_back("anthropic-ratelimit-" + name + "-reset", time_after(state.until_full, envelope));
  };
  const Standing both{.limit = input->limit + output->limit,
                      .remaining = input->remaining + output->remaining,
                      .until_full = std::max(input->until_full, output->until_full)};
  add("requests", *requests, std::to_string(requests->remaining));
  add("tokens", both, rounded_to_1000(both.remaining));
  add("input-tokens", *input, rounded_to_1000(input->remaining));
  add("output-tokens", *output, rounded_to_1000(output->remaining));
  return all;
}

Json error_json(const AnthropicError& error, const Envelope& envelope) {
  Json inner = {{"type", error.type}, {"message", error.message}};
  if (!error.error_code.empty()) inner["details"] = {{"error_code", error.error_code}};
  return {{"type", "error"}, {"error", std::move(inner)}, {"request_id", request_id(envelope)}};
}

http::Response error_response(const AnthropicError& error, const Envelope& envelope) {
  return json_response(error.status, error_json(error, envelope), headers(envelope), envelope.latency);
}

Json usage_of(const Completion& completion, std::int64_t output) {
  const CacheUse& cache = completion.cache;
  return {{"input_tokens", completion.prompt_tokens - cache.read - cache.written},
          {"cache_creation_input_tokens", cache.written},
          {"cache_read_input_tokens", cache.read},
          {"cache_creation",
           {{"ephemeral_5m_input_tokens", cache.written - cache.written_long},
            {"ephemeral_1h_input_tokens", cache.written_long}}},
          {"output_tokens", output},
          {"output_tokens_details", {{"thinking_tokens", completion.reasoning_tokens}}},
          {"server_tool_use", nullptr},
          {"service_tier", "standard"},
          {"inference_geo", "global"},
          {"speed", nullptr}};
}

struct Stop {
  Json reason, sequence, details;
};

Stop stop_of(const Question& question, const Completion& completion) {
  if (completion.declined || completion.finish == Finish::filtered) {
    return {"refusal", nullptr, {{"type", "refusal"}, {"category", "general_harms"}, {"explanation", completion.text}}};
  }
  if (completion.finish == Finish::length) return {"max_tokens", nullptr, nullptr};
  if (completion.finish == Finish::stop_sequence) return {"stop_sequence", completion.stopped_by, nullptr};
  return {question.tool.empty() ? "end_turn" : "tool_use", nullptr, nullptr};
}

Json blocks_of(const Question& question, const Completion& completion, const Envelope& envelope) {
  Json blocks = Json::array();
  if (completion.declined || completion.finish == Finish::filtered) return blocks;
  if (completion.reasoning_tokens > 0) {
    blocks.push_back({{"type", "thinking"},
                      {"thinking", question.thoughts_shown ? completion.thought : ""},
                      {"signature", kOpaque}});
  }
  if (!question.tool.empty()) {
    Json input = parse_json(completion.text);
    if (input.is_discarded()) input = Json::object();  // cut off by the cap
    blocks.push_back({{"type", "tool_use"},
                      {"id", "toolu_" + hex(envelope.id)},
                      {"name", question.tool},
                      {"input", std::move(input)}});
  } else if (!completion.text.empty()) {
    blocks.push_back({{"type", "text"}, {"text", completion.text}, {"citations", nullptr}});
  }
  return blocks;
}

Json message_of(const Question& question, const Completion& completion, const Envelope& envelope) {
  const Stop stop = stop_of(question, completion);
  Json message = {{"id", "msg_" + hex(envelope.id)},
                  {"type", "message"},
                  {"role", "assistant"},
                  {"model", question.model},
                  {"content", blocks_of(question, completion, envelope)},
                  {"stop_reason", stop.reason},
                  {"stop_sequence", stop.sequence},
                  {"stop_details", stop.details},
                  {"container", nullptr},
                  {"diagnostics", nullptr}};
  if (completion.usage_known) message["usage"] = usage_of(completion, completion.output_tokens());
  return message;
}

std::string typed_event(Json json) {
  const std::string type = json["type"];
  return event(type, json);
}

void stream_block(const Json& block, std::size_t index, const Completion& completion,
                  std::vector<std::string>& events) {
  Json start = block;
  const auto delta = [&](Json change) {
    events.push_back(typed_event({{"type", "content_block_delta"}, {"index", index}, {"delta", std::move(change)}}));
  };
  if (block["type"] == "thinking") {
    start["thinking"] = start["signature"] = "";
  } else if (block["type"] == "text") {
    start["text"] = "";
  } else {
    start["input"] = Json::object();
  }
  events.push_back(typed_event({{"type", "content_block_start"}, {"index", index}, {"content_block", start}}));
  if (index == 0) events.push_back(typed_event({{"type", "ping"}}));
  if (block["type"] == "thinking") {
    for (const std::string_view piece : pieces(block["thinking"].get_ref<const std::string&>(), kStreamPiecesMax)) {
      delta({{"type", "thinking_delta"}, {"thinking", piece}});
    }
    delta({{"type", "signature_delta"}, {"signature", kOpaque}});
  } else {
    const bool is_text = block["type"] == "text";
    for (const std::string_view piece : pieces(completion.text, kStreamPiecesMax)) {
      delta({{"type", is_text ? "text_delta" : "input_json_delta"}, {is_text ? "text" : "partial_json", piece}});
    }
  }
  events.push_back(typed_event({{"type", "content_block_stop"}, {"index", index}}));
}

std::vector<std::string> stream_of(const Question& question, const Completion& completion, const Envelope& envelope) {
  Json message = message_of(question, completion, envelope);
  const Json blocks = message["content"];
  const Stop stop = stop_of(question, completion);
  message["content"] = Json::array();
  message["stop_reason"] = message["stop_sequence"] = message["stop_details"] = nullptr;
  if (completion.usage_known) message["usage"] = usage_of(completion, 1);
  std::vector<std::string> events = {typed_event({{"type", "message_start"}, {"message", message}})};
  for (std::size_t i = 0; i < blocks.size(); ++i) stream_block(blocks[i], i, completion, events);
  Json end = {{"type", "message_delta"},
              {"delta",
               {{"stop_reason", stop.reason},
                {"stop_sequence", stop.sequence},
                {"stop_details", stop.details},
                {"container", nullptr}}}};
  if (completion.usage_known) {
    const CacheUse& cache = completion.cache;
    end["usage"] = {{"output_tokens", completion.output_tokens()},
                    {"input_tokens", completion.prompt_tokens - cache.read - cache.written},
                    {"cache_creation_input_tokens", cache.written},
                    {"cache_read_input_tokens", cache.read},
                    {"output_tokens_details", {{"thinking_tokens", completion.reasoning_tokens}}}};
  }
  events.push_back(typed_event(std::move(end)));
  events.push_back(typed_event({{"type", "message_stop"}}));
  return events;
}

// The key may come by either header: current clients use the second.
std::optional<AnthropicError> wrong_key(const http::Request& request, std::string_view api_key) {
  if (api_key.empty()) return std::nullopt;
  const auto key = request.header("x-api-key");
  const auto bearer = request.header("authorization");
  if (key == api_key || bearer == "Bearer " + std::string(api_key)) return std::nullopt;
  return AnthropicError{.status = 401,
                        .message = key || bearer ? "invalid x-api-key" : "x-api-key header is required",
                        .type = "authentication_error"};
}

AnthropicVersion version_of(const http::Request& request) {
  const auto version = request.header("anthropic-version");
  if (!version) throw AnthropicError{.message = "anthropic-version: header is required"};
  if (*version == "2023-06-01") return AnthropicVersion::of_2023;
  if (*version == "2026-10-21") return AnthropicVersion::of_2026;
  throw AnthropicError{.message = "anthropic-version: \"" + std::string(version->substr(0, 100)) +
                                  "\" is not a valid version"};
}

http::Response method_not_allowed(const char* allowed, const Envelope& envelope) {
  http::Response response =
      error_response({.status = 405, .message = std::string("Method Not Allowed: only ") + allowed}, envelope);
  response.headers.emplace_back("allow", allowed);
  return response;
}

}  // namespace

// The models' path is shared with others; who speaks this dialect says so by its headers.
bool Anthropic::owns(const http::Request& request) const {
  if (request.path == kMessages || request.path.starts_with("/v1/messages/")) return true;
  return request.path.starts_with("/v1/") &&
         (request.header("anthropic-version").has_value() || request.header("x-api-key").has_value());
}

std::variant<Question, ModelsAsked, http::Response> Anthropic::read(const http::Request& request,
                                                                    std::string_view api_key,
                                                                    const Envelope& envelope) const {
  try {
    if (const auto wrong = wrong_key(request, api_key)) throw *wrong;
    const AnthropicVersion version = version_of(request);
    const std::string_view path = request.path;
    if (path == kMessages || path == kCount) {
      if (request.method != "POST") return method_not_allowed("POST", envelope);
      const bool counted = path == kCount;
      Question question = read_anthropic_question({.body = request.body, .version = version, .only_counted = counted});
      if (!counted) return question;
      return json_response(200, {{"input_tokens", question.prompt_tokens}}, headers(envelope), Span(0));
    }
    if (path == kModels || path.starts_with("/v1/models/")) {
      if (request.method != "GET") return method_not_allowed("GET", envelope);
      if (path == kModels) return ModelsAsked{};
      return ModelsAsked{std::string(path.substr(kModels.size() + 1))};
    }
    return no_such_path(request, envelope);
  } catch (const AnthropicError& error) {
    return error_response(error, envelope);
  }
}

http::Response Anthropic::answer(const Question& question, const Completion& completion,
                                 const Envelope& envelope) const {
  if (question.stream) {
    return stream_response(stream_of(question, completion, envelope),
                           headers(envelope, "text/event-stream; charset=utf-8"), envelope.latency);
  }
  return json_response(200, message_of(question, completion, envelope), headers(envelope), envelope.latency);
}

http::Response Anthropic::refuse(const Question& question, const Refusal& refusal, const Envelope& envelope) const {
  const char* what = "requests";
  if (refusal.dimension == Dimension::input_tokens) what = "input tokens";
  if (refusal.dimension == Dimension::output_tokens) what = "output tokens";
  const bool daily = refusal.dimension == Dimension::daily_requests;
  http::Response response = error_response(
      {.status = 429,
       .message = "This request would exceed your organization's rate limit of " + std::to_string(refusal.limit) + " " +
                  what + (daily ? " per day" : " per minute") + " (model: " + question.model + ").",
       .type = "rate_limit_error"},
      envelope);
  if (refusal.wait) {
    response.headers.emplace_back("retry-after",
                                  std::to_string(std::chrono::ceil<std::chrono::seconds>(*refusal.wait).count()));
  }
  return response;
}

http::Response Anthropic::fail(const Question&, Fault fault, const Envelope& envelope) const {
  AnthropicError error{.status = 500, .message = "Internal server error", .type = "api_error"};
  if (fault == Fault::overloaded || fault == Fault::site_overloaded) {
    error = {.status = 529, .message = "Overloaded", .type = "overloaded_error"};
  } else if (fault == Fault::no_credit) {
    error = {.status = 429,
             .message =
                 "You have reached your specified API usage limits. You will regain access on 2026-12-01 at "
                 "00:00 UTC.",
             .type = "rate_limit_error",
             .error_code = "enforced_spend_limit_reached"};
  } else if (fault == Fault::refuse_once) {
    error = {.status = 429,
             .message = "This request would exceed your organization's rate limit of 50 requests per minute.",
             .type = "rate_limit_error"};
  }
  http::Response response = error_response(error, envelope);
  if (fault == Fault::refuse_once) {
    response.headers.emplace_back("retry-after", "1");
    response.headers.emplace_back("retry-after-ms", "24");
  }
  if (fault == Fault::no_credit) response.headers.emplace_back("x-should-retry", "false");
  return response;
}

std::string Anthropic::error_event(const Question&, const Envelope& envelope) const {
  return event("error", error_json({.status = 529, .message = "Overloaded", .type = "overloaded_error"}, envelope));
}

std::string Anthropic::idle_event() const { return typed_event({{"type", "ping"}}); }

http::Response Anthropic::models(const std::vector<std::string>& names, const ModelsAsked& asked,
                                 const Envelope& envelope) const {
  const auto entry = [](const std::string& name) {
    const AnthropicModel& model = anthropic_model(name);
    return Json{{"type", "model"},
                {"id", name},
                {"display_name", name},
                {"created_at", "2026-01-01T00:00:00Z"},
                {"max_input_tokens", model.context},
                {"max_tokens", model.max_output},
                {"lifecycle", "active"}};
  };
  if (asked.one) return json_response(200, entry(*asked.one), headers(envelope), Span(0));
  Json list = Json::array();
  for (const std::string& name : names) list.push_back(entry(name));
  const Json body = {{"data", list},
                     {"has_more", false},
                     {"first_id", names.empty() ? Json() : Json(names.front())},
                     {"last_id", names.empty() ? Json() : Json(names.back())}};
  return json_response(200, body, headers(envelope), Span(0));
}

http::Response Anthropic::no_such_model(std::string_view name, const Envelope& envelope) const {
  return error_response({.status = 404, .message = "model: " + std::string(name), .type = "not_found_error"}, envelope);
}

http::Response Anthropic::malformed(const http::Malformed& what, const Envelope& envelope) const {
  return error_response({.status = what.status,
                         .message = what.message,
                         .type = what.status == 413 ? "request_too_large" : "invalid_request_error"},
                        envelope);
}

http::Response Anthropic::no_such_path(const http::Request&, const Envelope& envelope) const {
  return error_response({.status = 404, .message = "Not Found", .type = "not_found_error"}, envelope);
}

}  // namespace simulator
