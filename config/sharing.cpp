// What models and clients share, and what must therefore agree.
#include <fmt/format.h>

#include <algorithm>

#include "config/client_limits.h"
#include "config/limit_words.h"
#include "config/limits.h"
#include "config/sections.h"

namespace weir {
namespace {

// Where the two differ, as a message says it: nothing when the limits are the same.
struct Difference {
  std::string what, here, there;
};

std::optional<Difference> difference(const LimitSettings& here, const LimitSettings& there) {
  const auto number = [](std::int64_t value) { return fmt::format("{}", value); };
  const auto differ = [&](const std::string& suffix, const std::string& a, const std::string& b) {
    return Difference{here.name + suffix, a, b};
  };
  if (here.counts != there.counts) return differ("'s counts", word_of(here.counts), word_of(there.counts));
  if (here.per != there.per) return differ("'s period", a_period(here.per), a_period(there.per));
  if (here.amount != there.amount) return differ("", number(here.amount), number(there.amount));
  if (here.shape != there.shape) return differ("'s shape", word_of(here.shape), word_of(there.shape));
  if (here.zone != there.zone) return differ("'s zone", in_quotes(here.zone), in_quotes(there.zone));
  if (here.burst != there.burst) return differ("_burst", number(here.burst), number(there.burst));
  if (here.debt != there.debt) return differ("'s debt", number(here.debt), number(there.debt));
  return std::nullopt;
}

const LimitSettings* named(const std::vector<LimitSettings>& limits, const std::string& name) {
  const auto at = std::find_if(limits.begin(), limits.end(), [&](const auto& limit) { return limit.name == name; });
  return at == limits.end() ? nullptr : &*at;
}

std::vector<Difference> differences(const ModelSettings& here, const ModelSettings& there) {
  std::vector<Difference> found;
  const auto amount = [](const LimitSettings* limit) {
    return limit == nullptr ? std::string("no limit") : fmt::format("{}", limit->amount);
  };
  const auto one_sided = [&](const LimitSettings* a, const LimitSettings* b, const std::string& name) {
    if ((a == nullptr) != (b == nullptr)) found.push_back({name, amount(a), amount(b)});
  };
  for (const LimitSettings& limit : here.limits) {
    const LimitSettings* other = named(there.limits, limit.name);
    one_sided(&limit, other, limit.name);
    if (other == nullptr) continue;
    if (auto differing = difference(limit, *other)) found.push_back(std::move(*differing));
  }
  for (const LimitSettings& limit : there.limits) one_sided(named(here.limits, limit.name), &limit, limit.name);
  const auto shown = [](const std::optional<int>& value) {
    return value ? fmt::format("{}", *value) : std::string("no limit");
  };
  if (here.max_concurrency != there.max_concurrency)
    found.push_back({"max_concurrency", shown(here.max_concurrency), shown(there.max_concurrency)});
  if (here.charge_model != there.charge_model)
    found.push_back({"charge_model", in_quotes(word_of(here.charge_model)), in_quotes(word_of(there.charge_model))});
  if (here.growth != there.growth)
    found.push_back({"growth", fmt::format("{}", here.growth), fmt::format("{}", there.growth)});
  if (here.adopt_higher_limits != there.adopt_higher_limits)
    found.push_back({"adopt_higher_limits", fmt::format("{}", here.adopt_higher_limits),
                     fmt::format("{}", there.adopt_higher_limits)});
  return found;
}

void check_one_table_each(const ClientLimits& limits, const std::string& who, const Config& config,
                          Mistakes& mistakes) {
  std::map<Account, const std::string*> first_of;
  for (const auto& [alias, of_alias] : limits.models) {
    const auto model = config.models.find(alias);
    if (model == config.models.end() || of_alias.empty()) continue;
    const auto [at, is_first] = first_of.try_emplace(account_of(model->second), &alias);
    if (is_first) continue;
    mistakes.add(of_alias.front().line,
                 fmt::format("{}: both models.{} and models.{} are given, but they are the same model of the same "
                             "account and share one limit; keep one of them",
                             who, *at->second, alias));
  }
}

std::size_t most_of_a_model(const ClientLimits& limits) {
  std::size_t most = 0;
  for (const auto& [alias, of_alias] : limits.models) most = std::max(most, of_alias.size());
  return most;
}

// Tables of eight each could merge to more than a call is charged to.
void check_how_many(const std::string& client, const ClientLimits& own, int line, const Config& config,
                    const LimitsInForce& in_force, Mistakes& mistakes) {
  const ClientLimits& defaults = config.client_defaults;
  if (own.limits.size() + defaults.limits.size() + most_of_a_model(own) + most_of_a_model(defaults) <=
      kLimitsPerTableMax)
    return;
  const auto check = [&](std::size_t count, const std::string& where) {
    if (count <= kLimitsPerTableMax) return false;
    mistakes.add(line, fmt::format("client {}: {} limits hold on {}, its own and client_defaults together; at most {} "
                                   "are allowed",
                                   in_quotes(client), count, where, kLimitsPerTableMax));
    return true;
  };
  if (check(in_force.elsewhere(client).size(), "each model")) return;
  for (const std::string* alias : in_force.named(client))
    if (check(in_force.on(client, *alias).size(), "model " + in_quotes(*alias))) return;
}

}  // namespace

void check_shared_limits(const std::map<std::string, ModelSettings>& models, Mistakes& mistakes) {
  std::vector<const ModelSettings*> by_line;
  for (const auto& [alias, model] : models) by_line.push_back(&model);
  std::stable_sort(by_line.begin(), by_line.end(), [](const auto* a, const auto* b) { return a->line < b->line; });
  std::map<Account, const ModelSettings*> first_of;
  for (const ModelSettings* model : by_line) {
    const auto [at, is_first] = first_of.try_emplace(account_of(*model), model);
    if (is_first) continue;
    const ModelSettings& first = *at->second;
    for (const auto& [what, here, there] : differences(*model, first)) {
      mistakes.add(model->line,
                   fmt::format("model {}: {} is {}, but {} at {} (line {}); both are the same model of the same "
                               "account and share one limit, so it must be the same",
                               in_quotes(model->alias), what, here, there, in_quotes(first.alias), first.line));
    }
  }
}

void check_client_models(const Config& config, Mistakes& mistakes) {
  const LimitsInForce in_force(config);
  check_one_table_each(config.client_defaults, "client_defaults", config, mistakes);
  for (const auto& [name, client] : config.clients) {
    check_one_table_each(client.limits, "client " + in_quotes(name), config, mistakes);
    check_how_many(name, client.limits, client.line, config, in_force, mistakes);
  }
  if (!config.clients.contains(kAnonymous)) check_how_many(kAnonymous, {}, 0, config, in_force, mistakes);
}

bool lets_everybody_in(const Config& config) {
  return !config.auth && std::none_of(config.clients.begin(), config.clients.end(),
                                      [](const auto& each) { return each.second.token.has_value(); });
}

}  // namespace weir
