#include <fmt/format.h>

#include <algorithm>

#include "config/catalogue.h"
#include "config/fields.h"
#include "config/model_words.h"

namespace weir {
namespace {

constexpr Range<std::int64_t> kTokens{1, 100'000'000};

// One of the words of an enumeration.
template <typename Enum, std::size_t N>
void read_enum(Fields& fields, const char* key, Enum& to, const std::pair<Enum, const char*> (&words)[N]) {
  std::vector<std::string> names;
  for (const auto& [value, word] : words) names.emplace_back(word);
  std::string chosen;
  if (!fields.read_word(key, chosen, names)) return;
  for (const auto& [value, word] : words)
    if (chosen == word) to = value;
}

void read_prices(Fields& fields, Prices& prices) {
  fields.read_price("input_price", prices.input);
  fields.read_price("cached_input_price", prices.cached_input);
  fields.read_price("cache_write_price", prices.cache_write);
  fields.read_price("output_price", prices.output);
}

void read_long_prices(Fields& fields, ModelFacts& facts) {
  const Node* node = fields.find("long_prices", NodeKind::table);
  if (node == nullptr) return;
  Mistakes& mistakes = fields.mistakes();
  Fields inner(*node, fields.where() + ": long_prices", mistakes);
  LongPrices prices;
  if (inner.require("above", NodeKind::integer, "the input tokens above which these prices hold") != nullptr)
    inner.read("above", prices.above, kTokens);
  read_prices(inner, prices.prices);
  inner.reject_unknown();
  facts.long_prices = prices;
}

void read_efforts(Fields& fields, ModelFacts& facts) {
  if (fields.read("efforts", facts.efforts)) {
    const auto& words = effort_words();
    for (const std::string& word : facts.efforts) {
      if (std::find(words.begin(), words.end(), word) == words.end())
        fields.mistake(*fields.find("efforts"),
                       fmt::format("no effort named {}{}", in_quotes(word), suggestion(word, words)));
    }
  }
  fields.read_word("default_effort", facts.default_effort, effort_words());
}

}  // namespace

void read_facts(Fields& fields, ModelFacts& facts) {
  read_enum(fields, "kind", facts.kind, kModelKinds);
  fields.read("context_window", facts.context_window, kTokens);
  fields.read("max_output_tokens", facts.max_output_tokens, kTokens);
  read_prices(fields, facts.prices);
  read_long_prices(fields, facts);
  read_enum(fields, "reasoning", facts.reasoning, kReasoningStyles);
  fields.read("reasons_always", facts.reasons_always);
  read_efforts(fields, facts);
  fields.read("thinking_budget_min", facts.budget_min, {1, kTokens.high});
  if (fields.read("thinking_budget_max", facts.budget_max, {1, kTokens.high}) && facts.budget_max < facts.budget_min)
    fields.mistake(
        *fields.find("thinking_budget_max"),
        fmt::format("thinking_budget_max = {} is below thinking_budget_min = {}", facts.budget_max, facts.budget_min));
  fields.read("verbosity", facts.verbosity);
  read_enum(fields, "temperature", facts.temperature, kTemperatureRules);
  read_enum(fields, "structured_output", facts.structured_output, kStructuredOutputs);
  fields.read("logprobs", facts.logprobs);
  fields.read("cache_control", facts.cache_control);
  fields.read("cacheable_min", facts.cacheable_min, {1, kTokens.high});
  fields.read_word("token_limit_field", facts.token_limit_field, {"max_completion_tokens", "max_tokens"});
}

}  // namespace weir
