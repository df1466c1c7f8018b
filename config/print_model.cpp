#include "config/limit_words.h"
#include "config/limits.h"
#include "config/mistakes.h"
#include "config/model_words.h"
#include "config/page.h"
#include "config/profiles.h"
#include "config/sections.h"

namespace weir {
namespace {

void print_price(Page& page, const char* key, const std::optional<std::int64_t>& price, const char* if_unknown) {
  if (price) {
    page.value(key, format_price(*price), "US dollars per million tokens");
  } else {
    page.remark(fmt::format("{}: unknown, {}", key, if_unknown));
  }
}

void print_long_prices(Page& page, const LongPrices& prices) {
  std::string written = fmt::format("{{ above = {}", prices.above);
  const auto add = [&](const char* key, const std::optional<std::int64_t>& price) {
    if (price) written += fmt::format(", {} = {}", key, format_price(*price));
  };
  add("input_price", prices.prices.input);
  add("cached_input_price", prices.prices.cached_input);
  add("cache_write_price", prices.prices.cache_write);
  add("output_price", prices.prices.output);
  page.value("long_prices", written + " }");
}

void print_count(Page& page, const char* key, const std::optional<std::int64_t>& tokens) {
  if (tokens) {
    page.value(key, number(*tokens));
  } else {
    page.remark(fmt::format("{}: unknown", key));
  }
}

void print_facts(Page& page, const ModelFacts& facts) {
  page.remark(facts.listed ? "in the catalogue of models; what follows is from there, where it is not stated"
                           : "not in the catalogue of models; what is not stated is taken from its provider's newest");
  page.value("kind", toml_string(word_of(facts.kind, kModelKinds)));
  print_count(page, "context_window", facts.context_window);
  print_count(page, "max_output_tokens", facts.max_output_tokens);
  print_price(page, "input_price", facts.prices.input, "so costs are unknown");
  print_price(page, "cached_input_price", facts.prices.cached_input, "cached input costs as input");
  print_price(page, "cache_write_price", facts.prices.cache_write, "what is written to the cache costs as input");
  print_price(page, "output_price", facts.prices.output, "so costs are unknown");
  if (facts.long_prices) print_long_prices(page, *facts.long_prices);
  page.value("reasoning", toml_string(word_of(facts.reasoning, kReasoningStyles)));
  if (facts.reasoning != ReasoningStyle::none) {
    page.value("reasons_always", yes_or_no(facts.reasons_always));
    page.value("efforts", toml_strings(facts.efforts), facts.efforts.empty() ? "any" : "");
    if (facts.default_effort.empty()) {
      page.remark("default_effort: not known; no room is left for reasoning but what a profile gives");
    } else {
      page.value("default_effort", toml_string(facts.default_effort));
    }
    if (facts.budget_max > 0) {
      page.value("thinking_budget_min", number(facts.budget_min));
      page.value("thinking_budget_max", number(facts.budget_max));
    }
  }
  page.value("verbosity", yes_or_no(facts.verbosity));
  page.value("temperature", toml_string(word_of(facts.temperature, kTemperatureRules)));
  page.value("structured_output", toml_string(word_of(facts.structured_output, kStructuredOutputs)));
  page.value("logprobs", yes_or_no(facts.logprobs));
  page.value("cache_control", yes_or_no(facts.cache_control));
  page.value("cacheable_min", number(facts.cacheable_min));
  page.value("token_limit_field", toml_string(facts.token_limit_field));
}

void print_profile(Page& page, const ModelSettings& model, const ProfileSettings& profile) {
  page.table(fmt::format("models.{}.profiles.{}", toml_key(model.alias), toml_key(profile.name)));
  if (!profile.effort.empty()) page.value(effort_key(model.provider), toml_string(profile.effort));
  if (!profile.verbosity.empty()) page.value("verbosity", toml_string(profile.verbosity));
  if (profile.thinking_budget) page.value("thinking_token_budget", number(*profile.thinking_budget));
  if (profile.room_stated) {
    page.value("reasoning_tokens", number(profile.reasoning_tokens));
  } else {
    page.remark(fmt::format("reasoning_tokens: {}, by default; added to max_output_tokens and to what is reserved",
                            profile.reasoning_tokens));
  }
}

}  // namespace

void print_limits(Page& page, const std::vector<LimitSettings>& limits, ChargeModel charge_model) {
  for (const LimitSettings& limit : limits)
    for (const LimitLine& line : lines_of(limit, charge_model)) page.value(line.key, line.value, line.remark);
}

void print_model(Page& page, const ModelSettings& model) {
  const ModelSettings standard;
  page.table("models." + toml_key(model.alias));
  page.value("provider", model.provider, standard.provider, toml_string);
  page.value("model", toml_string(model.model));
  if (model.provider == "openai" || model.provider == "compatible")
    page.value("api", model.api, standard.api, toml_string);
  const bool own_url = model.base_url == default_base_url(model.provider);
  page.value("base_url", toml_string(model.base_url), own_url ? "default: the provider's" : "");
  if (model.api_key) {
    page.value("api_key", toml_string(model.api_key->source()));
  } else {
    page.remark("api_key: none");
  }
  const bool usual_charge = model.charge_model == default_charge_model(model.provider);
  page.value("charge_model", toml_string(word_of(model.charge_model)), usual_charge ? "default: the provider's" : "");
  if (model.limits.empty()) page.remark("rpm, tpm and other limits: none");
  print_limits(page, model.limits, model.charge_model);
  page.value("growth", model.growth, standard.growth, number);
  page.value("adopt_higher_limits", model.adopt_higher_limits, standard.adopt_higher_limits, yes_or_no);
  if (model.max_concurrency) {
    page.value("max_concurrency", number(*model.max_concurrency));
  } else {
    page.remark("max_concurrency: server.concurrency_limit");
  }
  if (model.stream) {
    page.value("stream", yes_or_no(*model.stream));
  } else {
    page.remark("stream: answers that may be long are streamed");
  }
  page.value("prompt_cache", model.prompt_cache, standard.prompt_cache, yes_or_no);
  page.value("connect_timeout", model.connect_timeout, standard.connect_timeout, toml_duration);
  page.value("first_byte_timeout", model.first_byte_timeout, standard.first_byte_timeout, toml_duration);
  page.value("idle_timeout", model.idle_timeout, standard.idle_timeout, toml_duration);
  page.value("total_timeout", model.total_timeout, standard.total_timeout, toml_duration);
  page.value("max_attempts", model.max_attempts, standard.max_attempts, number);
  page.value("retry_time", model.retry_time, standard.retry_time, toml_duration);
  print_budget(page, model.budget);
  if (model.default_profile.empty()) {
    page.remark("profiles: none");
  } else {
    page.value("default_profile", toml_string(model.default_profile));
  }
  print_facts(page, model.facts);
  for (const ProfileSettings& profile : model.profiles) print_profile(page, model, profile);
  for (const KeySettings& key : model.keys) {
    page.table(fmt::format("models.{}.keys.{}", toml_key(model.alias), toml_key(key.name)));
    if (key.api_key) page.value("api_key", toml_string(key.api_key->source()));
    if (key.limits.empty()) page.remark("limits: as the model's table states them");
    print_limits(page, key.limits, model.charge_model);
    if (key.max_concurrency) page.value("max_concurrency", number(*key.max_concurrency));
  }
}

}  // namespace weir
