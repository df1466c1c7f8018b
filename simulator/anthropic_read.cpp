#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "simulator/anthropic.h"
#include "simulator/rules.h"
#include "simulator/text.h"
#include "simulator/wire.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kTokensPerMessage = 4;
constexpr std::size_t kMarksMax = 4;
constexpr std::string_view kFields =
    "model max_tokens messages system thinking output_config output_format stop_sequences metadata service_tier stream "
    "temperature top_p top_k tools tool_choice cache_control inference_geo diagnostics speed";

[[noreturn]] void refuse(std::string message) { throw AnthropicError{.message = std::move(message)}; }

void only(const Json& object, std::string_view fields, const std::string& where) {
  for (const auto& [name, value] : object.items()) {
    if (!lists(fields, name)) refuse(where + name.substr(0, 100) + ": Extra inputs are not permitted");
  }
}

std::string text_at(const Json& object, const char* name, const std::string& where) {
  const Json& value = get(object, name);
  if (value.is_null()) refuse(where + name + ": Field required");
  if (!value.is_string()) refuse(where + name + ": Input should be a valid string");
  return value.get<std::string>();
}

class Reader {
 public:
  explicit Reader(const MessagesRequest& request) : request_(request) {}

  Question run() {
    body_ = parse_json(request_.body);
    if (!body_.is_object()) refuse("The request body is not valid JSON: a JSON object is expected");
    only(body_, kFields, "");
    question_.call = Call::messages;
    question_.model = text_at(body_, "model", "");
    if (question_.model.empty()) refuse("model: String should have at least 1 character");
    rules_ = &anthropic_model(question_.model);
    if (!request_.only_counted) read_max_tokens();
    read_tools();
    read_system();
    read_messages();
    if (const Json& whole = get(body_, "cache_control"); !whole.is_null()) mark(whole, "cache_control");
    if (question_.caching.marks.size() > kMarksMax) {
      refuse("A maximum of 4 blocks with cache_control may be provided. Found " +
             std::to_string(question_.caching.marks.size()) + ".");
    }
    read_rest();
    apply_anthropic_rules(body_, request_.version, question_);
    finish();
    return std::move(question_);
  }

 private:
  void read_max_tokens() {
    const Json& cap = get(body_, "max_tokens");
    if (cap.is_null()) refuse("max_tokens: Field required");
    if (!cap.is_number_integer()) refuse("max_tokens: Input should be a valid integer");
    const auto tokens = cap.get<std::int64_t>();
    const bool warms_the_cache = tokens == 0 && get(body_, "stream") != true && get(body_, "output_config").is_null();
    if (tokens < 1 && !warms_the_cache) refuse("max_tokens: Input should be greater than or equal to 1");
    if (tokens > rules_->max_output) {
      refuse("max_tokens: " + std::to_string(tokens) + " > " + std::to_string(rules_->max_output) +
             ", which is the maximum allowed number of output tokens for " + question_.model);
    }
    question_.max_tokens = tokens;
  }

  void add(const std::string& text) {
    question_.prompt += text;
    characters_ += characters(text);
    question_.caching.blocks.push_back(question_.prompt.size());
  }

  // Marks the block that was added last.
  void mark(const Json& control, const std::string& where) {
    if (control.is_null()) return;
    if (!control.is_object() || get(control, "type") != "ephemeral") {
      refuse(where + ".type: Input should be 'ephemeral'");
    }
    only(control, "type ttl", where + ".");
    const Json& ttl = get(control, "ttl");
    if (!ttl.is_null() && ttl != "5m" && ttl != "1h") refuse(where + ".ttl: Input should be '5m' or '1h'");
    if (question_.caching.blocks.empty()) refuse(where + ": there is nothing to cache");
    question_.caching.marks.push_back({.block = question_.caching.blocks.size() - 1, .long_lived = ttl == "1h"});
  }

  void read_tools() {
    const Json& tools = get(body_, "tools");
    if (tools.is_null()) return;
    if (!tools.is_array()) refuse("tools: Input should be a valid list");
    for (std::size_t i = 0; i < tools.size(); ++i) {
      const std::string where = "tools." + std::to_string(i);
      if (!tools[i].is_object()) refuse(where + ": Input should be a valid dictionary");
      const Json& type = get(tools[i], "type");
      if (!type.is_null() && type != "custom") refuse(where + ".type: weir-simulator does not simulate " + dump(type));
      only(tools[i], "type name description input_schema strict cache_control", where + ".");
      const std::string name = text_at(tools[i], "name", where + ".");
      const Json& schema = get(tools[i], "input_schema");
      if (schema.is_null()) refuse(where + ".input_schema: Field required");
      if (get(schema, "type") != "object") refuse(where + ".input_schema.type: Input should be 'object'");
      add("tool\n" + name + "\n" + dump(tools[i]) + "\n");
      mark(get(tools[i], "cache_control"), where + ".cache_control");
    }
  }

  void read_system() {
    const Json& system = get(body_, "system");
    if (system.is_null()) return;
    if (system.is_string()) {
      question_.system = system.get<std::string>();
      return add("system\n" + question_.system + "\n");
    }
    if (!system.is_array()) refuse("system: Input should be a valid string or list");
    for (std::size_t i = 0; i < system.size(); ++i) {
      const std::string where = "system." + std::to_string(i);
      if (get(system[i], "type") != "text") refuse(where + ".type: Input should be 'text'");
      question_.system += read_block(system[i], where, "system") + "\n";
    }
  }

  std::string read_tool_use(const Json& block, const std::string& where) {
    only(block, "type id name input cache_control caller", where + ".");
    const std::string id = text_at(block, "id", where + ".tool_use.");
    const bool plain = !id.empty() && std::all_of(id.begin(), id.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '_' || c == '-';
    });
    if (!plain) refuse(where + ".tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'");
    text_at(block, "name", where + ".tool_use.");
    const Json& input = get(block, "input");
    if (!input.is_object()) {
      refuse(where + ".tool_use.input: " + (input.is_null() ? "Field required" : "Input should be a valid dictionary"));
    }
    if (get(body_, "tools").empty())
      refuse("Requests which include `tool_use` or `tool_result` blocks must define tools.");
    called_.push_back(id);
    return dump(input);
  }

  void read_tool_result(const Json& block, const std::string& where) {
    only(block, "type tool_use_id content is_error cache_control", where + ".");
    const std::string id = text_at(block, "tool_use_id", where + ".tool_result.");
    const auto called = std::find(called_.begin(), called_.end(), id);
    if (called == called_.end()) {
      refuse(where + ": unexpected `tool_use_id` found in `tool_result` blocks: " + id.substr(0, 100) +
             ". Each `tool_result` block must have a corresponding `tool_use` block in the previous message.");
    }
    called_.erase(called);
  }

  std::string read_block(const Json& block, const std::string& where, const std::string& role) {
    if (!block.is_object()) refuse(where + ": Input should be a valid dictionary");
    const std::string type = text_at(block, "type", where + ".");
    std::string text;
    if (type == "text") {
      only(block, "type text cache_control citations", where + ".");
      text = text_at(block, "text", where + ".");
      if (text.empty()) refuse(where + ": text content blocks must be non-empty");
      const Json& citations = get(block, "citations");
      if (request_.version == AnthropicVersion::of_2026 && role == "user" && !citations.empty()) {
        refuse(where + ".citations: Input should be empty in user turns");
      }
    } else if (type == "tool_result") {
      if (role != "user") refuse(where + ": tool_result blocks can only be in user messages");
      read_tool_result(block, where);
      const Json& content = get(block, "content");
      text = content.is_string() ? content.get<std::string>() : dump(content);
    } else if (type == "tool_use" || type == "thinking" || type == "redacted_thinking") {
      if (role != "assistant") refuse(where + ": " + type + " blocks can only be in assistant messages");
      text = type == "tool_use" ? read_tool_use(block, where) : "";
    } else if (type == "document" && role == "assistant" && request_.version == AnthropicVersion::of_2026) {
      refuse(where + ": document blocks cannot be in assistant messages");
    } else if (type == "image" || type == "document" || type == "search_result") {
      refuse(where + ": weir-simulator does not simulate blocks of type '" + type + "'");
    } else {
      refuse(where + ": Input tag '" + type.substr(0, 100) +
             "' found using 'type' does not match any of the expected tags");
    }
    add(role + "\n" + text + "\n");
    mark(get(block, "cache_control"), where + ".cache_control");
    return text;
  }

  void read_messages() {
    const Json& messages = get(body_, "messages");
    if (messages.is_null()) refuse("messages: Field required");
    if (!messages.is_array()) refuse("messages: Input should be a valid list");
    if (messages.empty()) refuse("messages: at least one message is required");
    std::string last;
    for (std::size_t i = 0; i < messages.size(); ++i) last = read_message(messages[i], i);
    if (last == "assistant" && !rules_->prefill) {
      refuse("This model does not support assistant message prefill. The conversation must end with a user message.");
    }
    question_.prompt_tokens += kTokensPerMessage * static_cast<std::int64_t>(messages.size());
  }

  std::string read_message(const Json& message, std::size_t index) {
    const std::string where = "messages." + std::to_string(index);
    if (!message.is_object()) refuse(where + ": Input should be a valid dictionary");
    only(message, "role content", where + ".");
    std::string role = text_at(message, "role", where + ".");
    if (role == "system" && (!rules_->system_turns || index == 0)) {
      refuse(
          "messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not "
          "\"system\" as an input message role.");
    }
    if (role != "user" && role != "assistant" && role != "system") {
      refuse(where + ".role: Input should be 'user' or 'assistant'");
    }
    if (index == 0 && role != "user") refuse("messages: first message must use the \"user\" role");
    const Json& content = get(message, "content");
    std::string text;
    if (content.is_string()) {
      text = content.get<std::string>();
      if (text.empty()) refuse(where + ": " + role + " messages must have non-empty content");
      add(role + "\n" + text + "\n");
    } else if (content.is_array()) {
      if (content.empty()) refuse(where + ": " + role + " messages must have non-empty content");
      for (std::size_t i = 0; i < content.size(); ++i) {
        const std::string said = read_block(content[i], where + ".content." + std::to_string(i), role);
        if (get(content[i], "type") != "tool_result" || content.size() == 1) text += said;
      }
    } else {
      refuse(where + ".content: " + (content.is_null() ? "Field required" : "Input should be a valid string or list"));
    }
    if (role == "user") {
      if (!called_.empty()) {
        refuse("messages." + std::to_string(index - 1) +
               ": `tool_use` ids were found without `tool_result` blocks immediately after: " + called_.front() +
               ". Each `tool_use` block must have a corresponding `tool_result` block in the next message.");
      }
      question_.user = std::move(text);
    }
    if (role == "system") question_.system += text + "\n";
    return role;
  }

  void read_rest() {
    const Json& stream = get(body_, "stream");
    if (!stream.is_null() && !stream.is_boolean()) refuse("stream: Input should be a valid boolean");
    question_.stream = stream == true;
    const Json& stops = get(body_, "stop_sequences");
    if (!stops.is_null() && !stops.is_array()) refuse("stop_sequences: Input should be a valid list");
    for (const Json& stop : stops) {
      if (!stop.is_string()) refuse("stop_sequences: Input should be a valid string");
      const auto& text = stop.get_ref<const std::string&>();
      if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
        refuse("stop_sequences: each stop sequence must contain non-whitespace");
      }
      question_.stop.push_back(text);
    }
    const Json& tier = get(body_, "service_tier");
    if (!tier.is_null() && tier != "auto" && tier != "standard_only") {
      refuse("service_tier: Input should be 'auto' or 'standard_only'");
    }
    const Json& metadata = get(body_, "metadata");
    if (metadata.is_null()) return;
    if (!metadata.is_object()) refuse("metadata: Input should be a valid dictionary");
    only(metadata, "user_id", "metadata.");
  }

  void finish() {
    question_.prompt_tokens += (characters_ + kCharactersPerToken - 1) / kCharactersPerToken;
    const std::int64_t prompt = question_.prompt_tokens;
    if (prompt > rules_->context) {
      refuse("prompt is too long: " + std::to_string(prompt) + " tokens > " + std::to_string(rules_->context) +
             " maximum");
    }
    if (prompt + question_.max_tokens.value_or(0) > rules_->context) {
      refuse("input length and `max_tokens` exceed context limit: " + std::to_string(prompt) + " + " +
             std::to_string(*question_.max_tokens) + " > " + std::to_string(rules_->context) +
             ", decrease input length or `max_tokens` and try again");
    }
    question_.caching.by_marks = true;
    question_.caching.minimum_tokens = rules_->cache_minimum;
    question_.cache_reads_are_free = true;
    question_.charge = {.input_tokens = prompt, .output = true};
  }

  const MessagesRequest& request_;
  Json body_;
  const AnthropicModel* rules_ = nullptr;
  Question question_;
  std::vector<std::string> called_;  // tools that have no result yet
  std::int64_t characters_ = 0;
};

}  // namespace

Question read_anthropic_question(const MessagesRequest& request) { return Reader(request).run(); }

}  // namespace simulator
