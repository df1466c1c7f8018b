#include "config/client_limits.h"

#include <algorithm>
#include <set>

namespace weir {
namespace {

// The most special comes first, and what is there already stays.
LimitsInForce::Limits merged(const std::vector<const std::vector<LimitSettings>*>& most_special_first) {
  LimitsInForce::Limits limits;
  for (const auto* table : most_special_first) {
    for (const LimitSettings& limit : *table) {
      const auto same_name = [&](const LimitSettings* each) { return each->name == limit.name; };
      if (std::none_of(limits.begin(), limits.end(), same_name)) limits.push_back(&limit);
    }
  }
  std::sort(limits.begin(), limits.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  return limits;
}

}  // namespace

Account account_of(const ModelSettings& model) {
  return {model.model, model.base_url, model.provider,
          model.api_key ? std::string_view(model.api_key->reveal()) : std::string_view()};
}

LimitsInForce::LimitsInForce(const Config& config) : config_(config) {
  for (const auto& [alias, model] : config.models) aliases_[account_of(model)].push_back(&alias);
}

LimitsInForce::Tables LimitsInForce::tables_of(const std::string& client) const {
  const auto at = config_.clients.find(client);
  if (at == config_.clients.end()) return {&config_.client_defaults};
  if (is_only_parent(at->second)) return {&at->second.limits};
  return {&at->second.limits, &config_.client_defaults};
}

// Under its alias, or another of the same account: at most one of them has a table.
const std::vector<LimitSettings>* LimitsInForce::table(const ClientLimits& limits, const std::string& alias) const {
  if (limits.models.empty()) return nullptr;
  if (const auto at = limits.models.find(alias); at != limits.models.end()) return &at->second;
  const auto model = config_.models.find(alias);
  if (model == config_.models.end()) return nullptr;
  for (const std::string* other : aliases_.at(account_of(model->second)))
    if (const auto at = limits.models.find(*other); at != limits.models.end()) return &at->second;
  return nullptr;
}

LimitsInForce::Limits LimitsInForce::on(const std::string& client, const std::string& alias) const {
  std::vector<const std::vector<LimitSettings>*> tables;
  for (const ClientLimits* each : tables_of(client)) {
    if (const auto* of_alias = table(*each, alias)) tables.push_back(of_alias);
    tables.push_back(&each->limits);
  }
  return merged(tables);
}

LimitsInForce::Limits LimitsInForce::elsewhere(const std::string& client) const {
  std::vector<const std::vector<LimitSettings>*> tables;
  for (const ClientLimits* each : tables_of(client)) tables.push_back(&each->limits);
  return merged(tables);
}

std::vector<const std::string*> LimitsInForce::named(const std::string& client) const {
  const auto by_name = [](const std::string* a, const std::string* b) { return *a < *b; };
  std::set<const std::string*, decltype(by_name)> found(by_name);
  for (const ClientLimits* each : tables_of(client)) {
    for (const auto& [alias, limits] : each->models) {
      const auto model = config_.models.find(alias);
      if (model == config_.models.end()) continue;
      const auto& same = aliases_.at(account_of(model->second));
      found.insert(same.begin(), same.end());
    }
  }
  return {found.begin(), found.end()};
}

bool is_only_parent(const ClientSettings& client) {
  return !client.token && client.subject.empty() && client.name != kAnonymous;
}

std::vector<LimitSettings> client_limits(const Config& config, const std::string& client, const std::string& alias) {
  std::vector<LimitSettings> limits;
  for (const LimitSettings* limit : LimitsInForce(config).on(client, alias)) limits.push_back(*limit);
  return limits;
}

}  // namespace weir
