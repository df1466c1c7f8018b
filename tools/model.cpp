#include "tools/model.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <limits>

#include "tools/providers/embedding.h"

namespace weir {
namespace {

__extension__ using Wide = __int128;

// Bytes per token. A tokenizer makes 3.9 to 4.6 bytes of a token, over English, Chinese, code and JSON; dividing by 3
// overshoots by 30 to 57 % there and falls short by no more than 10 % at the fifth percentile of any. Dividing by 4
// falls short by 30 %.
constexpr std::int64_t kBytesPerToken = 3;
// What the chat dialect wraps around each message, and around the answer that it opens.
constexpr std::int64_t kTokensPerMessage = 4;
constexpr std::int64_t kTokensPerAnswer = 3;
// What an embedding model reads around each text.
constexpr std::int64_t kTokensPerText = 2;

// Enough of a key to tell accounts apart, and nothing that gives the key away.
std::string fingerprint(const std::string& key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(key.data(), key.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < std::min(size, 16U); ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

Unit unit_of(LimitCounts counts, ChargeModel charge_model) {
  switch (counts) {
    case LimitCounts::requests:
      return Unit::requests;
    case LimitCounts::tokens:
      if (charge_model == ChargeModel::openai) return Unit::tokens_or_cap;
      return charge_model == ChargeModel::google ? Unit::input_tokens : Unit::tokens;
    case LimitCounts::input_tokens:
      return Unit::input_tokens;
    case LimitCounts::output_tokens:
      return Unit::output_tokens;
  }
  return Unit::tokens;
}

Shape shape_of(LimitShape shape) {
  if (shape == LimitShape::rolling) return Shape::rolling;
  return shape == LimitShape::calendar ? Shape::calendar : Shape::bucket;
}

}  // namespace

std::string limit_group_key(const ModelSettings& settings) {
  const bool keyed = settings.api_key.has_value() && !settings.api_key->empty();
  return fmt::format("{}\n{}\n{}\n{}", settings.provider, settings.base_url,
                     keyed ? fingerprint(settings.api_key->reveal()) : "no key", settings.model);
}

Limit limit_of(const LimitSettings& settings, ChargeModel charge_model, int growth) {
  return {.name = settings.name,
          .unit = unit_of(settings.counts, charge_model),
          .amount = settings.amount,
          .per = settings.per,
          .burst = settings.burst,
          .debt = settings.debt,
          .shape = shape_of(settings.shape),
          .zone = settings.zone,
          .at_once = 0,
          .growth = settings.shape == LimitShape::calendar ? 0 : growth};
}

GroupOptions limit_group(const ModelSettings& settings) {
  GroupOptions group{.key = limit_group_key(settings),
                     .name = settings.alias,
                     .slots = settings.max_concurrency,
                     .limits = {},
                     .adopt_higher_limits = settings.adopt_higher_limits};
  for (const LimitSettings& limit : settings.limits)
    group.limits.push_back(limit_of(limit, settings.charge_model, settings.growth));
  return group;
}

std::int64_t estimate_tokens(std::string_view text) {
  return (static_cast<std::int64_t>(text.size()) + kBytesPerToken - 1) / kBytesPerToken;
}

std::int64_t output_cap(const Prompt& prompt) { return prompt.max_output_tokens + prompt.profile.reasoning_tokens; }

Estimate estimate(const Prompt& prompt) {
  if (prompt.embed) {
    std::int64_t tokens = 0;
    for (const std::string& text : prompt.embed->texts) tokens += estimate_tokens(text) + kTokensPerText;
    return {.input_tokens = tokens, .output_tokens = 0, .output_cap = 0};
  }
  std::int64_t messages = prompt.system.empty() ? 1 : 2;
  std::int64_t words = estimate_tokens(prompt.system) + estimate_tokens(prompt.user);
  if (prompt.shots) {
    for (const Shot& shot : *prompt.shots) words += estimate_tokens(shot.user) + estimate_tokens(shot.assistant);
    messages += 2 * static_cast<std::int64_t>(prompt.shots->size());
  }
  const std::int64_t schema = prompt.format ? prompt.format->tokens : 0;
  return {.input_tokens = words + schema + messages * kTokensPerMessage + kTokensPerAnswer,
          .output_tokens = output_cap(prompt),
          .output_cap = output_cap(prompt)};
}

std::optional<std::int64_t> cost(const ModelFacts& facts, const TokenCounts& counts) {
  const std::int64_t input = std::max<std::int64_t>(counts.input, 0);
  const std::int64_t cached = std::clamp<std::int64_t>(counts.cached_input, 0, input);
  const std::int64_t written = std::clamp<std::int64_t>(counts.cache_write, 0, input - cached);
  const Prices& prices =
      facts.long_prices && input > facts.long_prices->above ? facts.long_prices->prices : facts.prices;
  Wide total = 0;
  for (const auto& [tokens, price] : {std::pair{input - cached - written, prices.input},
                                      std::pair{cached, prices.cached_input ? prices.cached_input : prices.input},
                                      std::pair{written, prices.cache_write ? prices.cache_write : prices.input},
                                      std::pair{counts.output, prices.output}}) {
    if (tokens <= 0) continue;
    if (!price) return counts.cost_picodollars;
    total += static_cast<Wide>(tokens) * *price;
  }
  if (total > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  return static_cast<std::int64_t>(total);
}

}  // namespace weir
