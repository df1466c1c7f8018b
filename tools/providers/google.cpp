#include "tools/providers/google.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "tools/message.h"
#include "tools/providers/answering.h"
#include "tools/providers/token_odds.h"
#include "tools/providers/wire_json.h"

namespace weir {
namespace {

using nlohmann::json;
using Json = nlohmann::ordered_json;

Json thinking(const ModelFacts& facts, const ProfileSettings& profile) {
  Json config = Json::object();
  if (facts.reasoning == ReasoningStyle::budget && profile.thinking_budget)
    config["thinkingBudget"] = *profile.thinking_budget;
  if (facts.reasoning == ReasoningStyle::level && !profile.effort.empty()) config["thinkingLevel"] = profile.effort;
  return config;
}

void take_parts(Answering& so_far, const json& candidate) {
  const json* content = member(candidate, "content");
  const json* parts = content == nullptr ? nullptr : member(*content, "parts");
  if (parts == nullptr || !parts->is_array()) return;
  for (const json& part : *parts) {
    const std::string text = text_of(member(part, "text"));
    const json* thought = member(part, "thought");
    if (thought != nullptr && thought->is_boolean() && thought->get<bool>()) {
      so_far.hidden_bytes += static_cast<std::int64_t>(text.size());
    } else if (!text.empty()) {
      so_far.text += text;
      so_far.worded = true;
    }
  }
}

void take_logprobs(Answering& so_far, const json& candidate) {
  if (const json* result = member(candidate, "logprobsResult"))
    take_google_odds(so_far, member(*result, "chosenCandidates"), member(*result, "topCandidates"));
}

bool is_filter(std::string_view reason) {
  static constexpr std::array<std::string_view, 6> kReasons = {"SAFETY",    "RECITATION",         "LANGUAGE",
                                                               "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"};
  return std::find(kReasons.begin(), kReasons.end(), reason) != kReasons.end() || reason.starts_with("IMAGE_");
}

void take_finish(Answering& so_far, const std::string& reason) {
  if (reason.empty() || reason == "FINISH_REASON_UNSPECIFIED") return;
  so_far.ended = true;
  if (reason == "STOP") {
    so_far.finish = Finish::stop;
    if (so_far.worded) return;
    // Seen to happen now and then, and to be better the next time.
    CallError empty = unusable("it stopped without a word");
    empty.retry = true;
    fail(so_far, std::move(empty));
  } else if (reason == "MAX_TOKENS" || reason == "CONTINUATION") {
    so_far.finish = Finish::length;
  } else if (is_filter(reason)) {
    so_far.finish = Finish::filter;
  } else {
    fail(so_far,
         unusable(fmt::format("finishReason is \"{}\"; STOP, MAX_TOKENS or SAFETY was expected", excerpt(reason, 40))));
  }
}

// Cumulative: the last one counts. Half-garbled counts are no counts.
void take_usage(Answering& so_far, const json& answer) {
  const json* usage = member(answer, "usageMetadata");
  if (usage == nullptr || !usage->is_object()) return;
  const auto input = count_of(member(*usage, "promptTokenCount"));
  const auto tools = detail_of(*usage, "toolUsePromptTokenCount");
  const auto cached = detail_of(*usage, "cachedContentTokenCount");
  const auto visible = detail_of(*usage, "candidatesTokenCount");  // left out where there is nothing to see
  const auto thoughts = detail_of(*usage, "thoughtsTokenCount");
  if (!input || !tools || !cached || !visible || !thoughts) return;
  const auto counts = sound(
      {.input = *input + *tools, .cached_input = *cached, .output = *visible + *thoughts, .reasoning = *thoughts});
  if (!counts) return;
  so_far.counts = *counts;
  so_far.input_known = true;
  so_far.output_known = so_far.ended;
}

// A whole answer, or a piece of one: they are of one shape.
void take(Answering& so_far, const json& answer) {
  if (so_far.model.empty()) so_far.model = text_of(member(answer, "modelVersion"));
  if (const json* candidates = member(answer, "candidates");
      candidates != nullptr && candidates->is_array() && !candidates->empty()) {
    take_parts(so_far, candidates->front());
    take_logprobs(so_far, candidates->front());
    take_finish(so_far, text_of(member(candidates->front(), "finishReason")));
  } else if (const json* feedback = member(answer, "promptFeedback")) {
    if (!text_of(member(*feedback, "blockReason")).empty()) {
      so_far.ended = true;
      so_far.finish = Finish::filter;
    }
  }
  take_usage(so_far, answer);
}

}  // namespace

std::string google_model_path(const ModelSettings& settings) {
  std::string path;
  std::string_view rest = settings.model;
  if (rest.find('/') == rest.npos) path = "models";
  while (!rest.empty()) {
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(segment.size() + 1, rest.size()));
    path += (path.empty() ? "" : "/") + path_segment(segment);
  }
  return path;
}

HttpRequest encode_google(const ModelSettings& settings, const Prompt& prompt, bool stream) {
  const auto text = [](const std::string& words) { return Json{{"parts", Json::array({{{"text", words}}})}}; };
  Json body = Json::object();
  if (!prompt.system.empty()) body["systemInstruction"] = text(prompt.system);
  const auto turn = [&](const char* role, const std::string& words) {
    Json content = {{"role", role}};
    content.update(text(words));
    return content;
  };
  Json contents = Json::array();
  for (const Shot& shot : shots_of(prompt)) {
    contents.push_back(turn("user", shot.user));
    contents.push_back(turn("model", shot.assistant));
  }
  contents.push_back(turn("user", prompt.user));
  body["contents"] = std::move(contents);
  Json config = {{"maxOutputTokens", output_cap(prompt)}};
  if (prompt.temperature) config["temperature"] = *prompt.temperature;
  if (const int candidates = candidates_asked(settings, prompt); candidates > 0) {
    config["responseLogprobs"] = true;
    config["logprobs"] = candidates;
  }
  if (prompt.format && settings.facts.structured_output == StructuredOutput::native) {
    config["responseMimeType"] = "application/json";
    config["responseJsonSchema"] = *prompt.format->wire;
  }
  if (Json how = thinking(settings.facts, prompt.profile); !how.empty()) config["thinkingConfig"] = std::move(how);
  body["generationConfig"] = std::move(config);
  const char* method = stream ? ":streamGenerateContent?alt=sse" : ":generateContent";
  return json_request(settings, settings.base_url + "/" + google_model_path(settings) + method,
                      key_header(settings, "x-goog-api-key"), body, stream);
}

tl::expected<Completion, CallError> decode_google(const HttpResponse& response) {
  if (!is_success(response)) return tl::unexpected(google_error(response));
  const auto answer = parse_wire_json(response.body);
  if (!answer) return tl::unexpected(not_json(response.body));
  if (member(*answer, "error") != nullptr) return tl::unexpected(google_error(response));
  if (member(*answer, "candidates") == nullptr && member(*answer, "promptFeedback") == nullptr)
    return tl::unexpected(unusable("it has no \"candidates\"; is base_url the Gemini API's, with its version?"));
  Answering whole;
  take(whole, *answer);
  if (!whole.finish) fail(whole, unusable("it has no finishReason"));
  return finish_stream(std::move(whole), response);
}

void on_google_event(Answering& so_far, const SseEvent& event) {
  const auto answer = read_event(so_far, event);
  if (!answer) return;
  if (member(*answer, "error") != nullptr)
    fail(so_far, google_error({200, {}, std::string(event.payload)}));
  else
    take(so_far, *answer);
}

Feedback google_limits(const HttpResponse&) { return {}; }

HttpRequest probe_google(const ModelSettings& settings) {
  return probe_request(settings, settings.base_url + "/" + google_model_path(settings),
                       key_header(settings, "x-goog-api-key"));
}

std::optional<CallError> judge_google_probe(const ModelSettings&, const HttpResponse& response) {
  return judge_status(response, google_error);
}

}  // namespace weir
