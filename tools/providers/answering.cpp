#include "tools/providers/answering.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/message.h"
#include "tools/providers/wire_json.h"

namespace weir {
namespace {

HttpRequest request_of(const ModelSettings& settings, std::string url, HttpHeaders authorization) {
  HttpRequest request;
  request.url = std::move(url);
  request.headers = std::move(authorization);
  request.connect_timeout = settings.connect_timeout;
  request.first_byte_timeout = settings.first_byte_timeout;
  request.idle_timeout = settings.idle_timeout;
  request.total_timeout = settings.total_timeout;
  return request;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

HttpRequest json_request(const ModelSettings& settings, std::string url, HttpHeaders authorization,
                         const nlohmann::ordered_json& body, bool stream) {
  HttpRequest request = request_of(settings, std::move(url), std::move(authorization));
  request.headers.insert(request.headers.begin(), {{"Content-Type", "application/json"},
                                                   {"Accept", stream ? "text/event-stream" : "application/json"}});
  // A prompt that is not UTF-8 must not throw: what cannot be written is replaced.
  request.body = body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return request;
}

HttpRequest probe_request(const ModelSettings& settings, std::string url, HttpHeaders authorization) {
  constexpr Duration kPatience = std::chrono::seconds(20);  // a list of models is not thought about
  HttpRequest request = request_of(settings, std::move(url), std::move(authorization));
  request.method = "GET";
  request.headers.insert(request.headers.begin(), {"Accept", "application/json"});
  request.first_byte_timeout = std::min(request.first_byte_timeout, kPatience);
  request.total_timeout = std::min(request.total_timeout, kPatience);
  return request;
}

HttpHeaders bearer(const ModelSettings& settings) {
  if (!settings.api_key || settings.api_key->empty()) return {};
  return {{"Authorization", "Bearer " + settings.api_key->reveal()}};
}

HttpHeaders key_header(const ModelSettings& settings, const char* name) {
  if (!settings.api_key || settings.api_key->empty()) return {};
  return {{name, settings.api_key->reveal()}};
}

std::string path_segment(std::string_view name) {
  std::string result;
  for (const char c : name) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("-._~:@").find(c) != std::string_view::npos;
    if (plain)
      result += c;
    else
      result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return result;
}

const std::vector<Shot>& shots_of(const Prompt& prompt) {
  static const std::vector<Shot> kNone;
  return prompt.shots ? *prompt.shots : kNone;
}

CallError unusable(std::string why) {
  return {.error = {Fault::bad_reply, "the provider's answer cannot be used: " + std::move(why)},
          .ending = Ending::broken};
}

CallError not_json(std::string_view body) {
  return unusable(fmt::format("it is not JSON, or has too many levels or values ({} bytes, beginning \"{}\")",
                              body.size(), excerpt(body, 80)));
}

void fail(Answering& so_far, CallError error) {
  if (so_far.failure) return;
  error.ending = Ending::broken;
  so_far.failure = std::move(error);
}

std::optional<nlohmann::json> read_event(Answering& so_far, const SseEvent& event) {
  if (so_far.failure || so_far.ended) return std::nullopt;
  auto json = parse_wire_json(event.payload);
  if (json && json->is_object()) return json;
  // More likely cut on its way than meant: unlike a whole answer that makes no sense, it is worth asking again.
  CallError error = unusable(fmt::format("an event of its stream is not a JSON object ({} bytes, beginning \"{}\")",
                                         event.payload.size(), excerpt(event.payload, 80)));
  error.retry = true;
  fail(so_far, std::move(error));
  return std::nullopt;
}

std::optional<TokenCounts> sound(const TokenCounts& counts) {
  const bool positive = counts.input >= 0 && counts.cached_input >= 0 && counts.cache_write >= 0 &&
                        counts.output >= 0 && counts.reasoning >= 0;
  if (!positive || counts.cached_input + counts.cache_write > counts.input || counts.reasoning > counts.output)
    return std::nullopt;
  return counts;
}

bool is_success(const HttpResponse& response) { return response.status >= 200 && response.status <= 299; }

std::optional<CallError> judge_status(const HttpResponse& response, CallError (*read)(const HttpResponse&)) {
  if (is_success(response)) return std::nullopt;
  return read(response);
}

tl::expected<Completion, CallError> finish_stream(Answering&& answer, const HttpResponse& head) {
  if (answer.failure) return tl::unexpected(std::move(*answer.failure));
  if (!answer.finish) {
    return tl::unexpected(CallError{
        .error = {Fault::unavailable,
                  fmt::format("the provider's answer broke off after {} characters", characters(answer.text))},
        .retry = true,
        .ending = Ending::broken});
  }
  Completion completion;
  completion.finish = *answer.finish;
  if (!answer.refusal.empty() && (answer.text.empty() || completion.finish == Finish::refusal)) {
    completion.finish = Finish::refusal;
    completion.text = std::move(answer.refusal);
  } else {
    // Cut short before the first visible word (all spent on reasoning, say) is an answer; stopping without a word is
    // none.
    if (completion.finish == Finish::stop && !answer.worded) return tl::unexpected(unusable("it has no text"));
    completion.text = std::move(answer.text);
  }
  if (answer.input_known && answer.output_known) completion.usage = sound(answer.counts);
  completion.model = std::move(answer.model);
  completion.first_token = std::move(answer.first_token);
  for (const char* name : {"x-request-id", "request-id", "x-generation-id"}) {
    const std::string* id = head.header(name);
    if (id == nullptr) continue;
    completion.request_id = excerpt(*id, 200);
    break;
  }
  return completion;
}

AtLeast seen_so_far(const Answering& answer) {
  constexpr std::int64_t kBytesPerTokenMost = 8;  // no text has longer tokens on average
  const std::int64_t bytes =
      static_cast<std::int64_t>(answer.text.size() + answer.refusal.size()) + answer.hidden_bytes;
  return {.input_tokens = answer.input_known ? answer.counts.input : 0,
          .output_tokens = std::max(answer.counts.output, bytes / kBytesPerTokenMost)};
}

}  // namespace weir
