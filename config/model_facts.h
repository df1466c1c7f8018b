// What is known of a model and of the API that it is called by: how much it takes and gives, what it costs, how it
// reasons, which parameters it refuses. Data, so that no code asks for a model by its name.
// Shape:   from the catalogue (config/models.toml), overlaid by server.model_catalogue, overlaid by the model's table.
// Units:   tokens; picodollars per token (TOML: US dollars per million tokens; 0.10 = 100,000 picodollars per token).
// Threads: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// What a million tokens cost, in picodollars per token. A price that is not stated is unknown (nullopt), never 0.
struct Prices {
  std::optional<std::int64_t> input{}, cached_input{}, output{}, cache_write{};
  bool operator==(const Prices&) const = default;
};

// What the whole request costs when its input is longer than `above` tokens.
struct LongPrices {
  std::int64_t above = 0;
  Prices prices{};
  bool operator==(const LongPrices&) const = default;
};

enum class ModelKind { chat, embedding };

// How a model is told how much to reason.
enum class ReasoningStyle {
  none,      // it does not reason
  effort,    // a word: OpenAI's reasoning_effort
  adaptive,  // a word, and thinking that the model measures out itself: Anthropic's newer models
  budget,    // a number of tokens
  level,     // a word: Google's thinkingLevel
};

// When a temperature may be sent.
enum class TemperatureRule { accepted, rejected, without_reasoning };

// How an answer is made to fit a schema.
enum class StructuredOutput {
  native,       // the API takes the schema
  forced_tool,  // the schema is that of a tool which the model must call
  none,         // it is only asked for, in words
};

struct ModelFacts {
  bool listed = false;  // in the catalogue; else the facts are those of its provider's unlisted models
  ModelKind kind = ModelKind::chat;
  std::optional<std::int64_t> context_window{};     // input and output together
  std::optional<std::int64_t> max_output_tokens{};  // reasoning included
  Prices prices{};
  std::optional<LongPrices> long_prices{};
  ReasoningStyle reasoning = ReasoningStyle::none;
  bool reasons_always = false;         // cannot be told not to
  std::vector<std::string> efforts{};  // the words it takes; of effort, adaptive, level, and of some budget models
  std::string default_effort{};        // what it does when nothing is said; empty = it does not reason then
  std::int64_t budget_min = 0, budget_max = 0;  // of style budget; 0 beside them means off, unless it reasons always
  bool verbosity = false;                       // takes one
  TemperatureRule temperature = TemperatureRule::accepted;
  StructuredOutput structured_output = StructuredOutput::native;
  bool logprobs = false;                                    // tells how likely each first word was, if asked
  bool cache_control = false;                               // caches what is marked, and only that
  std::int64_t cacheable_min = 1024;                        // shorter prefixes are not cached
  std::string token_limit_field = "max_completion_tokens";  // or "max_tokens": of Chat Completions
  bool operator==(const ModelFacts&) const = default;
};

// One way of reasoning of a model, by the name that callers choose it by.
struct ProfileSettings {
  std::string name{};    // empty: the model as it is when nothing is said
  std::string effort{};  // TOML: reasoning_effort, effort or thinking_level, as the provider calls it; empty = not sent
  std::string verbosity{};                        // low, medium, high; empty = not sent
  std::optional<std::int64_t> thinking_budget{};  // 0 = off, -1 = as the model likes (Google's); absent = not sent
  std::int64_t reasoning_tokens = 0;  // the room for reasoning: added to the cap on the answer, and to what is reserved
  bool room_stated = false;           // reasoning_tokens stands in the file; else it follows from budget or effort
  int line = 0;
  bool operator==(const ProfileSettings&) const = default;
};

}  // namespace weir
