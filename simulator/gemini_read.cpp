#include <algorithm>
#include <nlohmann/json.hpp>

#include "simulator/gemini.h"
#include "simulator/gemini_fields.h"
#include "simulator/likelihood.h"
#include "simulator/rules.h"
#include "simulator/schema.h"
#include "simulator/text.h"
#include "simulator/wire.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kTop =
    "contents systemInstruction generationConfig safetySettings tools toolConfig cachedContent labels serviceTier "
    "store "
    "model continuationToken";
constexpr std::string_view kConfig =
    "temperature topP topK candidateCount maxOutputTokens stopSequences responseMimeType responseSchema "
    "responseJsonSchema _responseJsonSchema presencePenalty frequencyPenalty seed responseLogprobs logprobs "
    "thinkingConfig enableEnhancedCivicAnswers responseModalities mediaResolution speechConfig imageConfig";
class GeminiReader {
 public:
  GeminiReader(std::string_view model, Json body) : body_(std::move(body)), model_(gemini_model(model)) {
    question_.call = Call::generate;
    question_.model = model;
  }

  Question run() {
    read_contents();
    config_ = fields_of(get(body_, "generationConfig"), kConfig, "generation_config");
    for (const char* name : {"tools", "toolConfig", "cachedContent"}) {
      const Json& value = get(body_, name);
      if (!value.is_null() && !value.empty())
        refuse_gemini("weir-simulator does not simulate '" + std::string(name) + "'.");
    }
    read_numbers();
    read_logprobs();
    read_format();
    read_thinking();
    finish();
    return std::move(question_);
  }

 private:
  void add(const std::string& role, const std::string& text) {
    question_.prompt += role + "\n" + text + "\n";
    characters_ += characters(text);
  }

  void read_contents() {
    if (const Json& system = get(body_, "systemInstruction"); !system.is_null()) {
      question_.system = text_of_parts(system, "system_instruction");
      add("system", question_.system);
    }
    const Json& contents = get(body_, "contents");
    if (contents.is_null()) refuse_gemini("* GenerateContentRequest.contents: contents is not specified\n");
    const Json list = contents.is_array() ? contents : Json::array({contents});
    if (list.empty()) refuse_gemini("* GenerateContentRequest.contents: contents is not specified\n");
    for (std::size_t i = 0; i < list.size(); ++i) {
      const Json& role = get(list[i], "role");
      if (!role.is_null() && role != "user" && role != "model") refuse_gemini("Please use a valid role: user, model.");
      const std::string text = text_of_parts(list[i], "contents[" + std::to_string(i) + "]");
      add(role.is_null() ? "user" : role.get<std::string>(), text);
      if (role != "model") question_.user = text;
    }
  }

  std::optional<std::int64_t> whole(const char* name) {
    const Json& value = get(config_, name);
    if (value.is_null()) return std::nullopt;
    const std::string field = "generation_config." + snake(name);
    if (!value.is_number_integer()) {
      refuse_field(field, "Invalid value at '" + field + "' (TYPE_INT32), " + dump(value).substr(0, 100));
    }
    return value.get<std::int64_t>();
  }

  void in_range(const char* name, double low, double high) {
    const Json& value = get(config_, name);
    if (value.is_null()) return;
    const std::string field = "generation_config." + snake(name);
    if (!value.is_number())
      refuse_field(field, "Invalid value at '" + field + "' (TYPE_FLOAT), " + dump(value).substr(0, 100));
    const auto number = value.get<double>();
    if (number < low || number > high) {
      refuse_gemini("* GenerateContentRequest." + field + ": " + name + " must be in the range [" + dump(Json(low)) +
                    ", " + dump(Json(high)) + "].\n");
    }
  }

  void read_numbers() {
    in_range("temperature", 0, 2);
    in_range("topP", 0, 1);
    in_range("presencePenalty", -2, 2);
    in_range("frequencyPenalty", -2, 2);
    if (const auto top = whole("topK"); top && *top < 1)
      refuse_gemini("* GenerateContentRequest.generation_config.top_k: top_k must be positive\n");
    if (const auto count = whole("candidateCount"); count && *count != 1) {
      refuse_gemini("Only one candidate can be specified: weir-simulator does not simulate more.");
    }
    if (const auto cap = whole("maxOutputTokens")) {
      if (*cap < 1)
        refuse_gemini(
            "* GenerateContentRequest.generation_config.max_output_tokens: max_output_tokens must be positive.\n");
      if (*cap > model_.max_output) {
        refuse_gemini("Unable to submit request because it has a maxOutputTokens value of " + std::to_string(*cap) +
                      " but the supported range is from 1 (inclusive) to " + std::to_string(model_.max_output + 1) +
                      " (exclusive). Update the value and try again.");
      }
      question_.max_tokens = *cap;
    }
    if (const auto seed = whole("seed")) question_.seed = *seed;
    const Json& stops = get(config_, "stopSequences");
    if (!stops.is_null() && !stops.is_array())
      refuse_field("generation_config.stop_sequences", "Invalid value at 'generation_config.stop_sequences'");
    if (stops.size() > 5) refuse_gemini("The number of stop sequences must be at most 5.");
    for (const Json& stop : stops) {
      if (!stop.is_string())
        refuse_field("generation_config.stop_sequences",
                     "Invalid value at 'generation_config.stop_sequences' (TYPE_STRING)");
      if (stop != "") question_.stop.push_back(stop.get<std::string>());
    }
  }

  void read_logprobs() {
    const Json& told = get(config_, "responseLogprobs");
    if (!told.is_null() && !told.is_boolean()) {
      refuse_field("generation_config.response_logprobs",
                   "Invalid value at 'generation_config.response_logprobs' (TYPE_BOOL), " + dump(told).substr(0, 100));
    }
    const auto count = whole("logprobs");
    if (count && told != true) {
      refuse_gemini("Logprobs cannot be set when response_logprobs is false.");
    }
    if (told != true) return;
    if (!model_.logprobs) refuse_gemini("Logprobs is not enabled for models/" + question_.model);
    if (count && (*count < 0 || *count > kCandidatesMax)) {
      refuse_gemini("* GenerateContentRequest.generation_config.logprobs: logprobs must be in the range [0, 20].\n");
    }
    question_.candidates = static_cast<int>(count.value_or(0));
  }

  void read_format() {
    const Json& type = get(config_, "responseMimeType");
    const bool json = type == "application/json";
    if (!type.is_null() && !json && type != "text/plain" && type != "text/x.enum") {
      refuse_gemini(
          "* GenerateContentRequest.generation_config.response_mime_type: allowed mimetypes are `text/plain`, "
          "`application/json`, `application/xml`, `application/yaml` and `text/x.enum`.\n");
    }
    const Json& old_schema = get(config_, "responseSchema");
    const Json& other = get(config_, "_responseJsonSchema");
    const Json& new_schema = other.is_null() ? get(config_, "responseJsonSchema") : other;
    if (!old_schema.is_null() && !new_schema.is_null()) {
      refuse_gemini(
          "* GenerateContentRequest.generation_config: only one of response_schema and response_json_schema may be "
          "set\n");
    }
    question_.json = json;
    const Json& schema = old_schema.is_null() ? new_schema : old_schema;
    if (schema.is_null()) return;
    if (!json) {
      refuse_gemini(
          "* GenerateContentRequest.generation_config.response_schema: response_mime_type must be application/json "
          "when a response schema is set\n");
    }
    const auto wrong = objection(schema, old_schema.is_null() ? Subset::gemini_json : Subset::gemini_openapi);
    if (wrong) {
      refuse_field("generation_config.response_schema",
                   "Invalid JSON payload received at 'generation_config.response_schema': " + *wrong);
    }
    question_.schema = dump(schema);
    characters_ += characters(question_.schema);
  }

  void read_thinking() {
    const Json thinking = fields_of(get(config_, "thinkingConfig"), "thinkingBudget thinkingLevel includeThoughts",
                                    "generation_config.thinking_config");
    question_.thoughts_shown = get(thinking, "includeThoughts") == true;
    const Json& budget = get(thinking, "thinkingBudget");
    const Json& level = get(thinking, "thinkingLevel");
    if (!budget.is_null() && !level.is_null()) {
      refuse_gemini("You can only set only one of thinking budget and thinking level.");
    }
    const bool free = model_.name.empty();
    if (!budget.is_null()) return read_budget(budget, free);
    if (!level.is_null()) return read_level(level, free);
    if (!free) question_.reasoning = thinking_at(model_.default_level);
  }

  void read_budget(const Json& budget, bool free) {
    if (!budget.is_number_integer()) {
      refuse_field("generation_config.thinking_config.thinking_budget",
                   "Invalid value at 'generation_config.thinking_config.thinking_budget' (TYPE_INT32)");
    }
    if (!free && !model_.budget)
      refuse_gemini("Thinking budget is not supported for this model. Use thinking level instead.");
    const auto tokens = budget.get<std::int64_t>();
    if (tokens == -1) {
      question_.reasoning = thinking_at("medium");
      return;
    }
    if (tokens == 0 && model_.may_stop_thinking) return;
    if (tokens == 0) refuse_gemini("Budget 0 is invalid. This model only works in thinking mode.");
    const Range range = model_.budget.value_or(Range{0, 32'768});
    if (tokens < range.low || tokens > range.high) {
      refuse_gemini("The thinking budget " + std::to_string(tokens) + " is invalid. Please choose a value between " +
                    std::to_string(range.low) + " and " + std::to_string(range.high) + ".");
    }
    question_.reasoning = Range{tokens / 2, tokens};
  }

  void read_level(const Json& level, bool free) {
    std::string name = level.is_string() ? level.get<std::string>() : "";
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (!lists("minimal low medium high xhigh thinking_level_unspecified", name)) {
      refuse_field("generation_config.thinking_config.thinking_level",
                   "Invalid value at 'generation_config.thinking_config.thinking_level' "
                   "(type.googleapis.com/google.ai.generativelanguage.v1beta.ThinkingConfig.ThinkingLevel), " +
                       dump(level).substr(0, 100));
    }
    if (name == "thinking_level_unspecified") name = model_.default_level;
    if (!free && model_.levels.empty()) refuse_gemini("Thinking level is not supported for this model.");
    if (!free && !lists(model_.levels, name))
      refuse_gemini("Thinking level " + dump(level) +
                    " is not supported for this model. Supported levels: " + quoted_list(model_.levels) + ".");
    question_.reasoning = thinking_at(name);
  }

  void finish() {
    question_.prompt_tokens = (characters_ + kCharactersPerToken - 1) / kCharactersPerToken + 1;
    if (question_.prompt_tokens > model_.context) {
      refuse_gemini("The input token count (" + std::to_string(question_.prompt_tokens) +
                    ") exceeds the maximum number of tokens allowed (" + std::to_string(model_.context) + ").");
    }
    question_.caching.minimum_tokens = model_.cache_minimum;
    question_.charge = {.input_tokens = question_.prompt_tokens};
  }

  Json body_;
  Json config_;
  const GeminiModel& model_;
  Question question_;
  std::int64_t characters_ = 0;
};

}  // namespace

Question read_gemini_question(std::string_view model, std::string_view body) {
  return GeminiReader(model, body_of(body, kTop)).run();
}

Question read_gemini_count(std::string_view model, std::string_view text) {
  const Json body = body_of(text, "contents generateContentRequest");
  const Json& whole = get(body, "generateContentRequest");
  return GeminiReader(model, whole.is_null() ? body : fields_of(whole, kTop, "generate_content_request")).run();
}

}  // namespace simulator
