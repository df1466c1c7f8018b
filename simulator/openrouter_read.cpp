#include <nlohmann/json.hpp>

#include "simulator/openai.h"
#include "simulator/openai_fields.h"
#include "simulator/openrouter.h"
#include "simulator/rules.h"
#include "simulator/wire.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kOwn =
    "models provider reasoning plugins top_k min_p top_a repetition_penalty usage transforms route session_id trace "
    "include_reasoning structured_outputs image_config prompt_cache_retention cache_control";

struct Thoughts {
  std::optional<Range> tokens{};
  std::string effort{};
  bool shown = true;
};

void read_reasoning(const Json& reasoning, Thoughts& thoughts) {
  if (reasoning.is_null()) return;
  if (!reasoning.is_object()) wrong_type("reasoning", "an object", reasoning);
  const Json& effort = get(reasoning, "effort");
  const Json& budget = get(reasoning, "max_tokens");
  if (!effort.is_null() && !budget.is_null()) {
    refuse_openai("Only one of \"reasoning.effort\" and \"reasoning.max_tokens\" can be specified", "reasoning");
  }
  thoughts.shown = get(reasoning, "exclude") != true;
  if (!effort.is_null()) {
    thoughts.effort = effort.is_string() ? effort.get<std::string>() : effort.dump();
    thoughts.tokens = thinking_at(thoughts.effort);
    if (!thoughts.tokens) wrong_value("reasoning.effort", thoughts.effort, kEfforts);
  } else if (!budget.is_null()) {
    if (!budget.is_number_integer() || budget < 1) wrong_type("reasoning.max_tokens", "a positive integer", budget);
    const auto tokens = budget.get<std::int64_t>();
    thoughts.tokens = Range{tokens / 2, tokens};
  } else if (get(reasoning, "enabled") == true) {
    thoughts.tokens = thinking_at("medium");
  }
}

// What the model does not take is left out; what only OpenRouter knows, too.
Json as_openai_takes_it(Json body, bool reasons) {
  for (auto field = body.begin(); field != body.end();) {
    field = lists(kOwn, field.key()) ? body.erase(field) : std::next(field);
  }
  if (reasons) {
    for (const char* name : {"temperature", "top_p", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs",
                             "top_logprobs", "stop"}) {
      body.erase(name);
    }
  }
  body.erase("verbosity");
  if (body.contains("max_tokens")) {
    body["max_completion_tokens"] = body["max_tokens"];
    body.erase("max_tokens");
  }
  if (get(body, "messages").is_array()) {
    for (Json& message : body["messages"]) {
      if (!get(message, "content").is_array()) continue;
      for (Json& part : message["content"]) {
        if (part.is_object()) part.erase("cache_control");
      }
    }
  }
  return body;
}

}  // namespace

Question read_openrouter_question(std::string_view text) {
  Json body = read_openai_body(text);
  const std::string model = read_openai_model(body);
  const bool reasons = openai_model(model).reasons();
  Thoughts thoughts;
  read_reasoning(get(body, "reasoning"), thoughts);
  if (const Json& effort = get(body, "reasoning_effort"); !effort.is_null()) {
    read_reasoning({{"effort", effort}}, thoughts);
    body.erase("reasoning_effort");
  }
  Json rest = as_openai_takes_it(std::move(body), reasons);
  if (rest.contains("max_completion_tokens") && openai_model(model).max_output < rest["max_completion_tokens"]) {
    rest["max_completion_tokens"] = openai_model(model).max_output;
  }
  Question question = read_openai_question(dump(rest));
  if (thoughts.tokens) question.reasoning = thoughts.tokens;
  question.effort = thoughts.effort;
  question.thoughts_shown = thoughts.shown;
  question.charge = {};
  question.usage_in_stream = true;
  return question;
}

}  // namespace simulator
