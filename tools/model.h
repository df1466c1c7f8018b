// What a call to a language model is, whichever the provider: a prompt goes in, a completion with its token counts
// comes out.
// Shape:   Prompt{system, user, ...}; UTF-8 text. system may be empty.
// Units:   tokens; picodollars per token in Prices, picodollars in costs (1 US dollar = 10^12; 64 bits hold 9 million
//          dollars).
// Threads: values.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/result.h"
#include "limiter/gate.h"

namespace weir {

// What an answer must look like, compiled once by the catalog.
struct AnswerFormat {
  std::string name{};                            // [a-z0-9_], at most 40
  std::shared_ptr<const nlohmann::ordered_json> wire{};  // the schema as the model's provider takes it
  std::int64_t tokens = 0;                       // what it adds to the input, at most
  // The answer as JSON that fits the tool's own schema, or what is wrong with it, for the model to mend.
  std::function<tl::expected<std::string, std::string>(std::string_view answer)> read{};
  std::string schema{};  // the tool's own, as JSON text: equal for formats that read alike
};

// A question and its answer, shown before the real one.
struct Shot {
  std::string user, assistant;
};

struct EmbedPrompt;  // providers/embedding.h

struct Prompt {
  std::string system, user;
  std::shared_ptr<const std::vector<Shot>> shots{};  // null = none
  std::int64_t max_output_tokens = 512;              // of the visible answer
  ProfileSettings profile{};                         // how much to reason; its room is added to the cap
  std::shared_ptr<const AnswerFormat> format{};      // null = text
  std::optional<double> temperature{};
  int top_logprobs = 0;  // how many candidates for the answer's first token to report; 0 = not asked for
  std::shared_ptr<const EmbedPrompt> embed{};  // instead of all above: texts to be embedded
  bool stable_system = false;                  // the system prompt is the same in every call, and worth caching
};
// What the provider is told that an answer may have at most, reasoning included.
std::int64_t output_cap(const Prompt& prompt);

enum class Finish { stop, length, refusal, filter };

// What the provider reported. What was read from a cache and what was written to it are part of input, reasoning is
// part of output, whatever the provider's own way is. Absent when the answer had no usage.
struct TokenCounts {
  std::int64_t input = 0, cached_input = 0, output = 0, reasoning = 0, cache_write = 0;
  std::optional<std::int64_t> cost_picodollars{};  // as the provider says it; most do not
  bool operator==(const TokenCounts&) const = default;
};

// How likely the model was to begin with this token.
struct TokenOdds {
  std::string token;
  double logprob = 0;
  bool operator==(const TokenOdds&) const = default;
};

struct Completion {
  std::string text;
  Finish finish = Finish::stop;
  std::optional<TokenCounts> usage;
  std::string model;                          // as the provider names it
  std::string request_id;                     // the provider's, for support; may be empty
  std::vector<TokenOdds> first_token{};       // most likely first; empty when not asked for, or not told
  std::vector<std::vector<float>> vectors{};  // of an EmbedPrompt, one for each text
  bool operator==(const Completion&) const = default;
};

// A configured model, ready to be called: settings, and the limit group that its alias belongs to.
struct Model {
  ModelSettings settings;
  GroupId group = 0;
  std::vector<std::shared_ptr<const Model>> spares{};  // the same by other keys, for when this one would have to wait
};

// The account and model that limits belong to; equal for two aliases of the same. Holds no secret in the clear.
std::string limit_group_key(const ModelSettings& settings);
GroupOptions limit_group(const ModelSettings& settings);
// One limit, as its provider counts: what "tokens" are depends on it.
Limit limit_of(const LimitSettings& settings, ChargeModel charge_model, int growth);

// A conservative count from bytes (three to a token) plus what the dialect wraps around each message. `model.cpp` says
// why.
std::int64_t estimate_tokens(std::string_view text);
Estimate estimate(const Prompt& prompt);

// In picodollars; absent when a price that matters is unknown, or when 64 bits cannot hold it. Cached input, and input
// that was written to the cache, cost as input when they have no price of their own. What the provider says it cost is
// believed where the prices do not tell.
std::optional<std::int64_t> cost(const ModelFacts& facts, const TokenCounts& counts);

}  // namespace weir
