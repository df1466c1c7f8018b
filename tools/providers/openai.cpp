#include "tools/providers/openai.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/message.h"
#include "tools/providers/wire_json.h"

namespace weir {
namespace {

using nlohmann::json;

// No model reads or writes that much; a larger number is garbage, and must not be charged.
constexpr std::int64_t kTokensMax = 1'000'000'000;

// An answer under a success status that cannot be used. The model has worked, so the reservation is kept; and it is not
// asked again, because it would be paid for again.
tl::unexpected<CallError> unusable(std::string why) {
  return tl::unexpected(CallError{{Fault::bad_reply, "the provider's answer cannot be used: " + std::move(why)},
                                  false,
                                  std::nullopt,
                                  Ending::broken,
                                  false});
}

std::optional<std::int64_t> count(const json* value) {
  if (value == nullptr || !value->is_number_integer()) return std::nullopt;
  // An unsigned number beyond the signed range would turn negative.
  if (value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(kTokensMax))
    return std::nullopt;
  const auto number = value->get<std::int64_t>();
  if (number < 0 || number > kTokensMax) return std::nullopt;
  return number;
}

// A detail that a server leaves out, or sets to null, is 0.
std::optional<std::int64_t> detail(const json& usage, const char* details, const char* name) {
  const json* object = member(usage, details);
  if (object == nullptr || object->is_null()) return 0;
  const json* value = member(*object, name);
  if (value == nullptr || value->is_null()) return 0;
  return count(value);
}

// Half-garbled counts are no counts: better to keep the reservation than to charge nonsense.
std::optional<TokenCounts> read_usage(const json& answer) {
  const json* usage = member(answer, "usage");
  if (usage == nullptr) return std::nullopt;
  const auto input = count(member(*usage, "prompt_tokens"));
  const auto output = count(member(*usage, "completion_tokens"));
  const auto cached = detail(*usage, "prompt_tokens_details", "cached_tokens");
  const auto reasoning = detail(*usage, "completion_tokens_details", "reasoning_tokens");
  if (!input || !output || !cached || !reasoning || *cached > *input || *reasoning > *output) return std::nullopt;
  return TokenCounts{.input = *input, .cached_input = *cached, .output = *output, .reasoning = *reasoning};
}

struct Content {
  std::string text, refusal;
  bool present = false;
};

Content read_content(const json& message) {
  Content content;
  content.refusal = text_of(member(message, "refusal"));
  const json* body = member(message, "content");
  if (body == nullptr) return content;
  if (body->is_string()) {
    content.text = body->get<std::string>();
    content.present = true;
  } else if (body->is_array()) {  // parts, of which text and refusals matter; others (a model's thinking, say) do not
    for (const json& part : *body) {
      const json* text = member(part, "text");
      if (text_of(member(part, "type")) == "text" && text != nullptr && text->is_string()) {
        content.text += text->get<std::string>();
        content.present = true;
      }
      content.refusal += text_of(member(part, "refusal"));
    }
  }
  return content;
}

}  // namespace

HttpRequest encode_openai(const ModelSettings& settings, const Prompt& prompt) {
  nlohmann::ordered_json messages = nlohmann::ordered_json::array();
  // `system` everywhere: reasoning models take it as `developer`, and servers of the same dialect know no other.
  if (!prompt.system.empty()) messages.push_back({{"role", "system"}, {"content", prompt.system}});
  messages.push_back({{"role", "user"}, {"content", prompt.user}});
  nlohmann::ordered_json body = {{"model", settings.model}, {"messages", std::move(messages)}};
  body[settings.token_limit_field] = prompt.max_output_tokens;

  HttpRequest request;
  request.url = settings.base_url + "/chat/completions";
  request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  if (settings.api_key && !settings.api_key->empty())
    request.headers.emplace_back("Authorization", "Bearer " + settings.api_key->reveal());
  // A prompt that is not UTF-8 must not throw: what cannot be written is replaced.
  request.body = body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  request.connect_timeout = settings.connect_timeout;
  request.first_byte_timeout = settings.first_byte_timeout;
  request.total_timeout = settings.total_timeout;
  return request;
}

tl::expected<Completion, CallError> decode_openai(const HttpResponse& response) {
  if (response.status < 200 || response.status > 299) return tl::unexpected(openai_error(response));
  const auto answer = parse_wire_json(response.body);
  if (!answer) {
    return unusable(fmt::format("it is not JSON, or has too many levels or values ({} bytes, beginning \"{}\")",
                                response.body.size(), excerpt(response.body, 80)));
  }
  const json* choices = member(*answer, "choices");
  if (choices == nullptr && member(*answer, "error") != nullptr) {
    // Some gateways send their upstream's error under status 200. What was generated until then is unknown.
    CallError error = openai_error(response);
    error.ending = Ending::broken;
    return tl::unexpected(std::move(error));
  }
  if (choices == nullptr || !choices->is_array())
    return unusable("it has no \"choices\"; is base_url a chat completions API?");
  if (choices->empty()) return unusable("\"choices\" is empty");
  const json& choice = choices->front();
  const json* message = member(choice, "message");
  if (message == nullptr || !message->is_object()) return unusable("choices[0] has no \"message\"");

  Content content = read_content(*message);
  const std::string reason = text_of(member(choice, "finish_reason"));
  Completion completion;
  if (reason == "stop" || reason.empty()) {  // some servers leave the reason out
    completion.finish = Finish::stop;
  } else if (reason == "length") {
    completion.finish = Finish::length;
  } else if (reason == "content_filter") {
    completion.finish = Finish::filter;
  } else {
    return unusable(
        fmt::format("finish_reason is \"{}\"; stop, length or content_filter was expected", excerpt(reason, 40)));
  }
  if (!content.refusal.empty() && content.text.empty()) {
    completion.finish = Finish::refusal;
    completion.text = std::move(content.refusal);
  } else {
    // Cut short before the first visible word (all spent on reasoning, say) is an answer; stopping without a word is
    // none.
    if (!content.present && completion.finish == Finish::stop)
      return unusable("choices[0].message has no text content");
    completion.text = std::move(content.text);
  }
  completion.usage = read_usage(*answer);
  completion.model = text_of(member(*answer, "model"));
  if (const std::string* id = response.header("x-request-id")) completion.request_id = excerpt(*id, 200);
  return completion;
}

}  // namespace weir
