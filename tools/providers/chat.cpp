#include "tools/providers/chat.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tools/message.h"
#include "tools/providers/answering.h"
#include "tools/providers/token_odds.h"
#include "tools/providers/wire_json.h"

namespace weir {
namespace {

using nlohmann::json;

void add_text(Answering& so_far, const std::string& text) {
  so_far.text += text;
  so_far.worded = true;
}

// Of a whole message, or of a piece of one.
void take_message(Answering& so_far, const json& message) {
  so_far.refusal += text_of(member(message, "refusal"));
  for (const char* name : {"reasoning", "reasoning_content"})
    so_far.hidden_bytes += static_cast<std::int64_t>(text_of(member(message, name)).size());
  const json* body = member(message, "content");
  if (body == nullptr) return;
  if (body->is_string()) {
    add_text(so_far, body->get_ref<const std::string&>());
  } else if (body->is_array()) {  // parts, of which text and refusals matter; others (a model's thinking, say) do not
    for (const json& part : *body) {
      const json* text = member(part, "text");
      if (text_of(member(part, "type")) == "text" && text != nullptr && text->is_string())
        add_text(so_far, text->get_ref<const std::string&>());
      so_far.refusal += text_of(member(part, "refusal"));
    }
  }
}

void take_finish(Answering& so_far, const json& choice) {
  const std::string reason = text_of(member(choice, "finish_reason"));
  if (reason.empty()) return;
  if (reason == "stop") {
    so_far.finish = Finish::stop;
  } else if (reason == "length") {
    so_far.finish = Finish::length;
  } else if (reason == "content_filter") {
    so_far.finish = Finish::filter;
  } else {
    fail(so_far, unusable(fmt::format("finish_reason is \"{}\"; stop, length or content_filter was expected",
                                      excerpt(reason, 40))));
  }
}

// In US dollars, where a server tells it (OpenRouter).
std::optional<std::int64_t> cost_in(const json& usage) {
  constexpr double kDollarsMost = 1'000'000;
  const json* cost = member(usage, "cost");
  if (cost == nullptr || !cost->is_number()) return std::nullopt;
  const double dollars = cost->get<double>();
  if (!(dollars >= 0 && dollars <= kDollarsMost)) return std::nullopt;
  return std::llround(dollars * 1e12);
}

// Half-garbled counts are no counts: better to keep the reservation than to charge nonsense.
void take_usage(Answering& so_far, const json& answer, bool at_end) {
  const json* usage = member(answer, "usage");
  if (usage == nullptr || !usage->is_object()) return;
  const auto input = count_of(member(*usage, "prompt_tokens"));
  const auto output = count_of(member(*usage, "completion_tokens"));
  const auto cached = detail_of(*usage, "prompt_tokens_details", "cached_tokens");
  const auto written = detail_of(*usage, "prompt_tokens_details", "cache_write_tokens");
  const auto reasoning = detail_of(*usage, "completion_tokens_details", "reasoning_tokens");
  if (!input || !output || !cached || !written || !reasoning) return;
  const auto counts = sound(
      {.input = *input, .cached_input = *cached, .output = *output, .reasoning = *reasoning, .cache_write = *written});
  if (!counts) return;
  so_far.counts = *counts;
  so_far.counts.cost_picodollars = cost_in(*usage);
  so_far.input_known = true;
  // Some servers count in every piece: what counts is what comes with the end, or after it.
  so_far.output_known = at_end;
}

void take_logprobs(Answering& so_far, const json& choice) {
  const json* logprobs = member(choice, "logprobs");
  if (logprobs != nullptr) take_openai_odds(so_far, member(*logprobs, "content"));
}

const json* error_in(const json& answer) {
  const json* error = member(answer, "error");
  return error == nullptr || error->is_null() ? nullptr : error;
}

}  // namespace

nlohmann::ordered_json chat_body(const ModelSettings& settings, const Prompt& prompt, bool stream, bool strict) {
  using Json = nlohmann::ordered_json;
  Json messages = Json::array();
  // `system` everywhere: reasoning models take it as `developer`, and servers of the same dialect know no other.
  if (!prompt.system.empty()) messages.push_back({{"role", "system"}, {"content", prompt.system}});
  for (const Shot& shot : shots_of(prompt)) {
    messages.push_back({{"role", "user"}, {"content", shot.user}});
    messages.push_back({{"role", "assistant"}, {"content", shot.assistant}});
  }
  messages.push_back({{"role", "user"}, {"content", prompt.user}});
  Json body = {{"model", settings.model}, {"messages", std::move(messages)}};
  body[settings.facts.token_limit_field] = output_cap(prompt);
  if (prompt.temperature) body["temperature"] = *prompt.temperature;
  if (const int candidates = candidates_asked(settings, prompt); candidates > 0) {
    body["logprobs"] = true;
    body["top_logprobs"] = candidates;
  }
  if (prompt.format && settings.facts.structured_output == StructuredOutput::native) {
    Json schema = {{"name", prompt.format->name}};
    if (strict) schema["strict"] = true;
    schema["schema"] = *prompt.format->wire;
    body["response_format"] = {{"type", "json_schema"}, {"json_schema", std::move(schema)}};
  }
  if (stream) {
    body["stream"] = true;
    body["stream_options"] = {{"include_usage", true}};
  }
  return body;
}

tl::expected<Completion, CallError> decode_chat(const HttpResponse& response, ReadError read) {
  if (!is_success(response)) return tl::unexpected(read(response));
  const auto answer = parse_wire_json(response.body);
  if (!answer) return tl::unexpected(not_json(response.body));
  const json* choices = member(*answer, "choices");
  if ((choices == nullptr || choices->empty()) && member(*answer, "error") != nullptr) {
    // Some gateways send their upstream's error under status 200. What was generated until then is unknown.
    return tl::unexpected(read(response));
  }
  if (choices == nullptr || !choices->is_array())
    return tl::unexpected(unusable("it has no \"choices\"; is base_url a chat completions API?"));
  if (choices->empty()) return tl::unexpected(unusable("\"choices\" is empty"));
  const json& choice = choices->front();
  const json* message = member(choice, "message");
  if (message == nullptr || !message->is_object()) return tl::unexpected(unusable("choices[0] has no \"message\""));

  Answering whole;
  whole.ended = true;
  if (error_in(*answer) != nullptr) fail(whole, read(response));
  take_message(whole, *message);
  take_finish(whole, choice);
  take_logprobs(whole, choice);
  if (!whole.finish) whole.finish = Finish::stop;  // some servers leave the reason out
  take_usage(whole, *answer, true);
  whole.model = text_of(member(*answer, "model"));
  return finish_stream(std::move(whole), response);
}

void on_chat_event(Answering& so_far, const SseEvent& event, ReadError read) {
  if (event.payload == "[DONE]") {
    so_far.ended = true;
    if (!so_far.finish && so_far.worded) so_far.finish = Finish::stop;  // some servers leave the reason out
    return;
  }
  const auto chunk = read_event(so_far, event);
  if (!chunk) return;
  if (so_far.model.empty()) so_far.model = text_of(member(*chunk, "model"));
  const json* choices = member(*chunk, "choices");
  const bool chosen = choices != nullptr && choices->is_array() && !choices->empty();
  if (chosen) {
    if (const json* delta = member(choices->front(), "delta")) take_message(so_far, *delta);
    take_logprobs(so_far, choices->front());
    if (error_in(*chunk) == nullptr) take_finish(so_far, choices->front());
  }
  take_usage(so_far, *chunk, so_far.finish.has_value() || !chosen);
  if (error_in(*chunk) != nullptr) fail(so_far, read({200, {}, std::string(event.payload)}));
}

}  // namespace weir
