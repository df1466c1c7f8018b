#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "config/addresses.h"
#include "config/fields.h"
#include "config/secret_source.h"
#include "config/sections.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kAliasBytesMax = 64;
// One token a nanosecond is the most that the limiter's arithmetic takes.
constexpr std::int64_t kRpmMax = 1'000'000'000, kTpmMax = 60'000'000'000;
constexpr Range<Duration> kTimeout{1ms, 24h};

bool is_alias(std::string_view name) {
  return !name.empty() && name.size() <= kAliasBytesMax &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == name.npos;
}

void read_base_url(Fields& fields, ModelSettings& model) {
  const Node* node = fields.find("base_url", NodeKind::string);
  if (node == nullptr) {
    if (fields.find("base_url") != nullptr) return;
    if (model.provider == "compatible") {
      fields.mistake(fields.table(),
                     "base_url is missing: a compatible server's address, such as \"http://127.0.0.1:11434/v1\"");
    } else {
      model.base_url = kOpenAiBaseUrl;
    }
    return;
  }
  if (const auto objection = object_to_base_url(node->text)) {
    fields.mistake(*node, "base_url " + *objection);
    return;
  }
  model.base_url = node->text;
  while (model.base_url.ends_with('/')) model.base_url.pop_back();
}

void read_api_key(Fields& fields, ModelSettings& model, const Environment& environment) {
  const Node* node = fields.find("api_key", NodeKind::string);
  if (node == nullptr) {
    if (fields.find("api_key") == nullptr && model.provider == "openai") {
      fields.mistake(fields.table(), "api_key is missing: write \"env:NAME\" or \"file:/path\"");
    }
    return;
  }
  auto secret = read_secret(node->text, environment);
  if (secret) {
    model.api_key = std::move(*secret);
  } else {
    fields.mistake(*node, "api_key: " + secret.error());
  }
}

// A rate per minute and its burst. Providers enforce a minute's limit in slices of it, so that the burst is a slice by
// default: one second's requests; ten seconds' tokens, because a single call takes thousands.
struct RateKeys {
  std::string rate, burst;
  std::int64_t rate_max, slices;
};

void read_rate(Fields& fields, const RateKeys& keys, std::optional<std::int64_t>& rate,
               std::optional<std::int64_t>& burst, bool& burst_given) {
  fields.read(keys.rate, rate, {1, keys.rate_max});
  const Node* stated_burst = fields.find(keys.burst);
  burst_given = fields.read(keys.burst, burst, {1, keys.rate_max});
  if (rate && !stated_burst) burst = (*rate + keys.slices - 1) / keys.slices;
  if (stated_burst != nullptr && fields.find(keys.rate) == nullptr) {
    fields.mistake(*stated_burst,
                   fmt::format("{} is given without {}, whose burst it would be", keys.burst, keys.rate));
  }
  if (burst_given && rate && *burst > *rate) {
    fields.mistake(*stated_burst, fmt::format("{} is {}, above {} ({}): at once it would admit more than the provider "
                                              "allows in a minute",
                                              keys.burst, *burst, keys.rate, *rate));
  }
}

}  // namespace

const char* default_token_limit_field(const std::string& provider) {
  return provider == "compatible" ? "max_tokens" : "max_completion_tokens";
}

ModelSettings read_model(const Member& member, const Environment& environment, Mistakes& mistakes) {
  Fields fields(member.value, fmt::format("model {}", in_quotes(member.key)), mistakes);
  ModelSettings model;
  model.alias = member.key;
  model.line = member.value.line;
  if (!is_alias(member.key)) {
    fields.mistake(member.value, "a model's alias must be 1 to 64 of A-Z, a-z, 0-9, \".\", \"_\" and \"-\"");
  }
  const bool provider_known =
      fields.find("provider") == nullptr || fields.read_word("provider", model.provider, {"openai", "compatible"});
  if (!provider_known)
    model.provider.clear();  // so that nothing is said to be missing for a provider that was not meant
  fields.require_text("model", model.model, "the provider's name of the model, such as \"gpt-4.1-nano\"");
  read_base_url(fields, model);
  read_api_key(fields, model, environment);
  read_rate(fields, {"rpm", "rpm_burst", kRpmMax, 60}, model.rpm, model.rpm_burst, model.rpm_burst_given);
  read_rate(fields, {"tpm", "tpm_burst", kTpmMax, 6}, model.tpm, model.tpm_burst, model.tpm_burst_given);
  fields.read("max_concurrency", model.max_concurrency, {1, 100'000});
  model.token_limit_field = default_token_limit_field(model.provider);
  fields.read_word("token_limit_field", model.token_limit_field, {"max_completion_tokens", "max_tokens"});
  fields.read_price("input_price", model.prices.input);
  fields.read_price("cached_input_price", model.prices.cached_input);
  fields.read_price("output_price", model.prices.output);
  fields.read("connect_timeout", model.connect_timeout, kTimeout);
  fields.read("first_byte_timeout", model.first_byte_timeout, kTimeout);
  fields.read("total_timeout", model.total_timeout, kTimeout);
  fields.read("max_attempts", model.max_attempts, {1, 10});
  fields.read("retry_time", model.retry_time, {0s, 24h});
  fields.reject_unknown();
  return model;
}

void check_shared_limits(const std::map<std::string, ModelSettings>& models, Mistakes& mistakes) {
  using Account = std::tuple<std::string, std::string, std::string, std::string>;
  std::vector<const ModelSettings*> by_line;
  for (const auto& [alias, model] : models) by_line.push_back(&model);
  std::stable_sort(by_line.begin(), by_line.end(), [](const auto* a, const auto* b) { return a->line < b->line; });
  std::map<Account, const ModelSettings*> first_of;
  for (const ModelSettings* model : by_line) {
    const std::string key = model->api_key ? model->api_key->reveal() : "";
    const auto [at, is_first] = first_of.try_emplace({model->provider, model->base_url, key, model->model}, model);
    if (is_first) continue;
    const ModelSettings& first = *at->second;
    const auto compare = [&](const char* name, const auto& here, const auto& there) {
      if (here == there) return;
      const auto shown = [](const auto& limit) { return limit ? fmt::format("{}", *limit) : std::string("no limit"); };
      mistakes.add(
          model->line,
          fmt::format("model {}: {} is {}, but {} at {} (line {}); both are the same model of the same "
                      "account and share one limit, so it must be the same",
                      in_quotes(model->alias), name, shown(here), shown(there), in_quotes(first.alias), first.line));
    };
    compare("rpm", model->rpm, first.rpm);
    compare("tpm", model->tpm, first.tpm);
    if (model->rpm == first.rpm) compare("rpm_burst", model->rpm_burst, first.rpm_burst);
    if (model->tpm == first.tpm) compare("tpm_burst", model->tpm_burst, first.tpm_burst);
    compare("max_concurrency", model->max_concurrency, first.max_concurrency);
  }
}

}  // namespace weir
