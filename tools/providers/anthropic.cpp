#include "tools/providers/anthropic.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/message.h"
#include "tools/providers/answering.h"
#include "tools/providers/wire_json.h"

namespace weir {
namespace {

using nlohmann::json;
using Json = nlohmann::ordered_json;

HttpHeaders headers_of(const ModelSettings& settings) {
  HttpHeaders headers = key_header(settings, "x-api-key");
  headers.emplace_back("anthropic-version", "2023-06-01");
  return headers;
}

void add_thinking(Json& body, const ModelFacts& facts, const ProfileSettings& profile) {
  const auto& budget = profile.thinking_budget;
  if (budget == 0) {
    if (facts.reasoning != ReasoningStyle::none && !facts.reasons_always) body["thinking"] = {{"type", "disabled"}};
  } else if (facts.reasoning == ReasoningStyle::budget && budget) {
    body["thinking"] = {{"type", "enabled"}, {"budget_tokens", *budget}};
  } else if (facts.reasoning == ReasoningStyle::adaptive && (budget || !profile.effort.empty())) {
    body["thinking"] = {{"type", "adaptive"}};
  }
  if (!profile.effort.empty()) body["output_config"]["effort"] = profile.effort;
}

void add_format(Json& body, const ModelFacts& facts, const AnswerFormat& format) {
  if (facts.structured_output == StructuredOutput::native) {
    body["output_config"]["format"] = {{"type", "json_schema"}, {"schema", *format.wire}};
  } else if (facts.structured_output == StructuredOutput::forced_tool) {
    body["tools"] = Json::array({{{"name", format.name},
                                  {"description", "Gives the answer, which is nothing but this tool's input."},
                                  {"input_schema", *format.wire}}});
    body["tool_choice"] = {{"type", "tool"}, {"name", format.name}, {"disable_parallel_tool_use", true}};
  }
}

Json text_block(const std::string& text) { return {{"type", "text"}, {"text", text}}; }

Json marked(Json block) {
  block["cache_control"] = {{"type", "ephemeral"}};
  return block;
}

// An example's answer as the model gives its own: where it must call a tool, as a call of it.
std::optional<Json> call_of(const ModelFacts& facts, const Prompt& prompt, std::size_t shot) {
  if (!prompt.format || facts.structured_output != StructuredOutput::forced_tool) return std::nullopt;
  const auto input = parse_wire_json(shots_of(prompt)[shot].assistant);
  if (!input || !input->is_object()) return std::nullopt;  // words: they are taken too
  return Json{{"type", "tool_use"},
              {"id", fmt::format("example_{}", shot + 1)},
              {"name", prompt.format->name},
              {"input", *input}};
}

// The examples in turns, and then the user. The end of the last example is the end of what all calls have in common.
Json messages_of(const ModelFacts& facts, const Prompt& prompt) {
  const std::vector<Shot>& shots = shots_of(prompt);
  Json messages = Json::array();
  std::optional<Json> called;
  // What follows a call begins with its result.
  const auto add_user = [&](const std::string& words) {
    Json content = words;
    if (called) {
      const Json result = {{"type", "tool_result"}, {"tool_use_id", (*called)["id"]}, {"content", "Taken."}};
      content = Json::array({result, text_block(words)});
    }
    messages.push_back({{"role", "user"}, {"content", std::move(content)}});
  };
  for (std::size_t i = 0; i < shots.size(); ++i) {
    add_user(shots[i].user);
    called = call_of(facts, prompt, i);
    Json block = called ? *called : text_block(shots[i].assistant);
    if (prompt.stable_system && i + 1 == shots.size()) block = marked(std::move(block));
    messages.push_back({{"role", "assistant"}, {"content", Json::array({std::move(block)})}});
  }
  add_user(prompt.user);
  return messages;
}

void add_text(Answering& so_far, const std::string& text) {
  so_far.text += text;
  so_far.worded = true;
}

// What was said before a tool is called is not the answer; but it was written.
void begin_tool(Answering& so_far) {
  so_far.hidden_bytes += static_cast<std::int64_t>(so_far.text.size());
  so_far.text.clear();
  so_far.worded = true;
}

void take_block(Answering& so_far, const json& block) {
  const std::string type = text_of(member(block, "type"));
  if (type == "text") {
    add_text(so_far, text_of(member(block, "text")));
  } else if (type == "thinking") {
    so_far.hidden_bytes += static_cast<std::int64_t>(text_of(member(block, "thinking")).size());
  } else if (type == "tool_use") {
    begin_tool(so_far);
    const json* input = member(block, "input");
    if (input != nullptr && !(input->is_object() && input->empty())) so_far.text = input->dump();
  }
}

void take_delta(Answering& so_far, const json& delta) {
  const std::string type = text_of(member(delta, "type"));
  if (type == "text_delta") add_text(so_far, text_of(member(delta, "text")));
  if (type == "input_json_delta") so_far.text += text_of(member(delta, "partial_json"));
  if (type == "thinking_delta")
    so_far.hidden_bytes += static_cast<std::int64_t>(text_of(member(delta, "thinking")).size());
}

// A tool's input comes in pieces, with the model's own blanks: written as that of a whole answer is.
void tidy_tool_input(Answering& so_far) {
  if (so_far.text.empty() && so_far.worded) so_far.text = "{}";
  if (const auto input = parse_wire_json(so_far.text)) so_far.text = input->dump();
}

void take_refusal(Answering& so_far, const json* details) {
  so_far.finish = Finish::refusal;
  if (details == nullptr) return;
  so_far.refusal = text_of(member(*details, "explanation"));
  const std::string category = text_of(member(*details, "category"));
  if (so_far.refusal.empty() && !category.empty()) so_far.refusal = "refused as " + category;
}

// `said`: a message, or the delta of one.
void take_stop(Answering& so_far, const json& said) {
  const std::string reason = text_of(member(said, "stop_reason"));
  if (reason == "end_turn" || reason == "stop_sequence") {
    so_far.finish = Finish::stop;
  } else if (reason == "tool_use") {
    if (!so_far.finish) tidy_tool_input(so_far);  // once: it reads all of it
    so_far.finish = Finish::stop;
  } else if (reason == "max_tokens" || reason == "model_context_window_exceeded") {
    so_far.finish = Finish::length;
  } else if (reason == "refusal") {
    take_refusal(so_far, member(said, "stop_details"));
  } else if (!reason.empty()) {
    fail(so_far, unusable(fmt::format("stop_reason is \"{}\"; end_turn, max_tokens or refusal was expected",
                                      excerpt(reason, 40))));
  }
}

// Half-garbled counts are no counts. In a stream, the input comes first, and what is written later replaces it.
void take_usage(Answering& so_far, const json* usage, bool final) {
  if (usage == nullptr) return;
  if (const auto rest = count_of(member(*usage, "input_tokens"))) {
    const auto written = detail_of(*usage, "cache_creation_input_tokens");
    const auto cached = detail_of(*usage, "cache_read_input_tokens");
    if (!written || !cached) return;
    so_far.counts.input = *rest + *written + *cached;
    so_far.counts.cache_write = *written;
    so_far.counts.cached_input = *cached;
    so_far.input_known = true;
  }
  const auto output = count_of(member(*usage, "output_tokens"));
  const auto reasoning = detail_of(*usage, "output_tokens_details", "thinking_tokens");
  if (!output || !reasoning || *reasoning > *output) return;
  so_far.counts.output = *output;
  so_far.counts.reasoning = *reasoning;
  so_far.output_known = final;
}

}  // namespace

HttpRequest encode_anthropic(const ModelSettings& settings, const Prompt& prompt, bool stream) {
  Json body = {{"model", settings.model}, {"max_tokens", output_cap(prompt)}};
  const bool mark_system = prompt.stable_system && shots_of(prompt).empty();
  if (!prompt.system.empty())
    body["system"] = mark_system ? Json::array({marked(text_block(prompt.system))}) : Json(prompt.system);
  body["messages"] = messages_of(settings.facts, prompt);
  if (prompt.temperature) body["temperature"] = *prompt.temperature;
  add_thinking(body, settings.facts, prompt.profile);
  if (prompt.format) add_format(body, settings.facts, *prompt.format);
  if (stream) body["stream"] = true;
  return json_request(settings, settings.base_url + "/v1/messages", headers_of(settings), body, stream);
}

tl::expected<Completion, CallError> decode_anthropic(const HttpResponse& response) {
  if (!is_success(response)) return tl::unexpected(anthropic_error(response));
  const auto answer = parse_wire_json(response.body);
  if (!answer) return tl::unexpected(not_json(response.body));
  if (member(*answer, "error") != nullptr) return tl::unexpected(anthropic_error(response));
  const json* content = member(*answer, "content");
  if (content == nullptr || !content->is_array())
    return tl::unexpected(unusable("it has no \"content\"; is base_url Anthropic's, without a /v1?"));
  Answering whole;
  whole.ended = true;
  whole.model = text_of(member(*answer, "model"));
  for (const json& block : *content) take_block(whole, block);
  take_stop(whole, *answer);
  if (!whole.finish) fail(whole, unusable("it has no stop_reason"));
  take_usage(whole, member(*answer, "usage"), true);
  return finish_stream(std::move(whole), response);
}

void on_anthropic_event(Answering& so_far, const SseEvent& event) {
  const auto told = read_event(so_far, event);
  if (!told) return;
  const std::string type = text_of(member(*told, "type"));
  if (type == "message_start") {
    if (const json* message = member(*told, "message")) {
      so_far.model = text_of(member(*message, "model"));
      take_usage(so_far, member(*message, "usage"), false);
    }
  } else if (type == "content_block_start") {
    if (const json* block = member(*told, "content_block")) take_block(so_far, *block);
  } else if (type == "content_block_delta") {
    if (const json* delta = member(*told, "delta")) take_delta(so_far, *delta);
  } else if (type == "message_delta") {
    if (const json* delta = member(*told, "delta")) take_stop(so_far, *delta);
    take_usage(so_far, member(*told, "usage"), true);
  } else if (type == "message_stop") {
    so_far.ended = true;
  } else if (type == "error" || event.name == "error") {
    fail(so_far, anthropic_error({200, {}, std::string(event.payload)}));
  }
}

HttpRequest probe_anthropic(const ModelSettings& settings) {
  return probe_request(settings, settings.base_url + "/v1/models/" + path_segment(settings.model),
                       headers_of(settings));
}

std::optional<CallError> judge_anthropic_probe(const ModelSettings&, const HttpResponse& response) {
  return judge_status(response, anthropic_error);
}

}  // namespace weir
