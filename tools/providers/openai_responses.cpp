#include "tools/providers/openai_responses.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/message.h"
#include "tools/providers/answering.h"
#include "tools/providers/openai.h"
#include "tools/providers/token_odds.h"
#include "tools/providers/wire_json.h"

namespace weir {
namespace {

using nlohmann::json;
using Json = nlohmann::ordered_json;

constexpr std::int64_t kShortestCap = 16;  // OpenAI refuses less

// The members of a list; none when it is no list.
const json& list(const json* value) {
  static const json kNone = json::array();
  return value != nullptr && value->is_array() ? *value : kNone;
}

void take_output(Answering& so_far, const json& response) {
  for (const json& item : list(member(response, "output"))) {
    if (text_of(member(item, "type")) != "message") continue;
    for (const json& part : list(member(item, "content"))) {
      so_far.refusal += text_of(member(part, "refusal"));
      if (text_of(member(part, "type")) != "output_text") continue;
      so_far.text += text_of(member(part, "text"));
      so_far.worded = true;
    }
  }
}

// A stream repeats it at its end, whole.
void take_logprobs(Answering& so_far, const json& response) {
  for (const json& item : list(member(response, "output")))
    for (const json& part : list(member(item, "content"))) take_openai_odds(so_far, member(part, "logprobs"));
}

// Words alone where there are no others: the shortest form, which every server knows.
Json input_of(const Prompt& prompt) {
  if (shots_of(prompt).empty()) return prompt.user;
  Json input = Json::array();
  for (const Shot& shot : shots_of(prompt)) {
    input.push_back({{"role", "user"}, {"content", shot.user}});
    input.push_back({{"role", "assistant"}, {"content", shot.assistant}});
  }
  input.push_back({{"role", "user"}, {"content", prompt.user}});
  return input;
}

// `error` of a response that failed, or of the stream: read as if it were the body of an error.
void take_error(Answering& so_far, const json& error) {
  const Json body = {{"error", error}};
  fail(so_far, openai_error({200, {}, body.dump(-1, ' ', false, Json::error_handler_t::replace)}));
}

void take_status(Answering& so_far, const json& response) {
  const std::string status = text_of(member(response, "status"));
  const json* details = member(response, "incomplete_details");
  const std::string reason = details == nullptr ? "" : text_of(member(*details, "reason"));
  const json* error = member(response, "error");
  if (error != nullptr && !error->is_null()) {
    take_error(so_far, *error);
  } else if (status == "completed" || status.empty()) {
    so_far.finish = Finish::stop;
  } else if (status == "incomplete" && reason == "max_output_tokens") {
    so_far.finish = Finish::length;
  } else if (status == "incomplete" && reason == "content_filter") {
    so_far.finish = Finish::filter;
  } else {
    fail(so_far, unusable(fmt::format("its status is \"{}\"{}; completed was expected", excerpt(status, 40),
                                      reason.empty() ? "" : fmt::format(" because of \"{}\"", excerpt(reason, 40)))));
  }
}

// Half-garbled counts are no counts.
void take_usage(Answering& so_far, const json& response) {
  const json* usage = member(response, "usage");
  if (usage == nullptr) return;
  const auto input = count_of(member(*usage, "input_tokens"));
  const auto output = count_of(member(*usage, "output_tokens"));
  const auto cached = detail_of(*usage, "input_tokens_details", "cached_tokens");
  const auto written = detail_of(*usage, "input_tokens_details", "cache_write_tokens");
  const auto reasoning = detail_of(*usage, "output_tokens_details", "reasoning_tokens");
  if (!input || !output || !cached || !written || !reasoning) return;
  const auto counts = sound(
      {.input = *input, .cached_input = *cached, .output = *output, .reasoning = *reasoning, .cache_write = *written});
  if (!counts) return;
  so_far.counts = *counts;
  so_far.input_known = so_far.output_known = true;
}

// The response as it is when nothing more will come.
void take_end(Answering& so_far, const json& response) {
  so_far.ended = true;
  so_far.model = text_of(member(response, "model"));
  take_logprobs(so_far, response);
  take_usage(so_far, response);
  take_status(so_far, response);
}

}  // namespace

HttpRequest encode_responses(const ModelSettings& settings, const Prompt& prompt, bool stream) {
  const bool at_openai = settings.provider == "openai";
  Json body = {{"model", settings.model}};
  if (!prompt.system.empty()) body["instructions"] = prompt.system;
  body["input"] = input_of(prompt);
  body["max_output_tokens"] = at_openai ? std::max(output_cap(prompt), kShortestCap) : output_cap(prompt);
  if (prompt.temperature) body["temperature"] = *prompt.temperature;
  if (!prompt.profile.effort.empty()) body["reasoning"] = {{"effort", prompt.profile.effort}};
  if (!prompt.profile.verbosity.empty()) body["text"]["verbosity"] = prompt.profile.verbosity;
  if (prompt.format && settings.facts.structured_output == StructuredOutput::native) {
    Json format = {{"type", "json_schema"}, {"name", prompt.format->name}};
    if (at_openai) format["strict"] = true;
    format["schema"] = *prompt.format->wire;
    body["text"]["format"] = std::move(format);
  }
  if (const int candidates = candidates_asked(settings, prompt); candidates > 0) {
    body["include"] = Json::array({"message.output_text.logprobs"});
    body["top_logprobs"] = candidates;
  }
  body["store"] = false;
  if (stream) body["stream"] = true;
  return json_request(settings, settings.base_url + "/responses", bearer(settings), body, stream);
}

tl::expected<Completion, CallError> decode_responses(const HttpResponse& response) {
  if (!is_success(response)) return tl::unexpected(openai_error(response));
  const auto answer = parse_wire_json(response.body);
  if (!answer) return tl::unexpected(not_json(response.body));
  Answering whole;
  const json* error = member(*answer, "error");
  if (error != nullptr && !error->is_null()) take_error(whole, *error);
  const json* output = member(*answer, "output");
  if (output == nullptr || !output->is_array())
    fail(whole, unusable("it has no \"output\"; is base_url a Responses API?"));
  take_output(whole, *answer);
  take_end(whole, *answer);
  return finish_stream(std::move(whole), response);
}

void on_responses_event(Answering& so_far, const SseEvent& event) {
  if (event.payload == "[DONE]") return;  // some servers end with it as they end Chat Completions
  const auto told = read_event(so_far, event);
  if (!told) return;
  std::string type = text_of(member(*told, "type"));
  if (type.empty()) type = event.name;
  const std::string delta = text_of(member(*told, "delta"));
  const json* response = member(*told, "response");
  if (type == "response.output_text.delta") {
    so_far.text += delta;
    so_far.worded = true;
  } else if (type == "response.refusal.delta") {
    so_far.refusal += delta;
  } else if (type == "response.reasoning_summary_text.delta" || type == "response.reasoning_text.delta") {
    so_far.hidden_bytes += static_cast<std::int64_t>(delta.size());
  } else if (type == "response.completed" || type == "response.incomplete" || type == "response.failed") {
    if (response == nullptr) {
      fail(so_far, unusable("its last event has no \"response\""));
      return;
    }
    if (!so_far.worded && so_far.refusal.empty()) take_output(so_far, *response);  // where nothing came in pieces
    take_end(so_far, *response);
  } else if (type == "error") {
    // Two forms are seen: the error is the event, or the event has it.
    const json* error = member(*told, "error");
    take_error(so_far, error != nullptr && !error->is_null() ? *error : *told);
  }
}

}  // namespace weir
