// What a call to a language model is, whichever the provider: a prompt goes in, a completion with its token counts
// comes out.
// Shape:   Prompt{system, user, max_output_tokens}; UTF-8 text. system may be empty.
// Units:   tokens; picodollars per token in Prices, picodollars in costs (1 US dollar = 10^12; 64 bits hold 9 million
//          dollars).
// Threads: values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "config/result.h"
#include "limiter/gate.h"

namespace weir {

struct Prompt {
  std::string system, user;
  std::int64_t max_output_tokens = 512;
};

enum class Finish { stop, length, refusal, filter };

// What the provider reported. cached is part of input, reasoning is part of output. Absent when the answer had no
// usage.
struct TokenCounts {
  std::int64_t input = 0, cached_input = 0, output = 0, reasoning = 0;
  bool operator==(const TokenCounts&) const = default;
};

struct Completion {
  std::string text;
  Finish finish = Finish::stop;
  std::optional<TokenCounts> usage;
  std::string model;       // as the provider names it
  std::string request_id;  // the provider's, for support; may be empty
  bool operator==(const Completion&) const = default;
};

// A configured model, ready to be called: settings, and the limit group that its alias belongs to.
struct Model {
  ModelSettings settings;
  GroupId group = 0;
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

// In picodollars; absent when a price that matters is unknown, or when 64 bits cannot hold it. Cached input without its
// own price costs as input.
std::optional<std::int64_t> cost(const Prices& prices, const TokenCounts& counts);

}  // namespace weir
