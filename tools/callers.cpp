#include "tools/callers.h"

namespace weir {
namespace {

constexpr std::size_t kStrangersMax = 10'000;
// No client and no subject has this name.
constexpr const char* kOthers = "others, who share their limits";

// Whether this alias has limits of its own for the client; of two aliases of one group, its are in force.
bool is_special(const Config& config, const std::string& client, const std::string& alias) {
  const auto own = config.clients.find(client);
  return (own != config.clients.end() && own->second.limits.models.contains(alias)) ||
         config.client_defaults.models.contains(alias);
}

}  // namespace

Callers::Callers(Gate& gate, const Config& config, const std::function<GroupId(const std::string& alias)>& group_of)
    : gate_(gate) {
  for (const auto& [alias, model] : config.models) {
    groups_[alias] = group_of(alias);
    charge_models_[alias] = model.charge_model;
  }
  for (const auto& [name, client] : config.clients) open(config, name);
  if (!known_.contains("anonymous")) open(config, "anonymous");
  stranger_ = options_of(config, "");
}

ClientOptions Callers::options_of(const Config& config, const std::string& name) const {
  ClientOptions options{.name = name, .parent = {}, .weight = 1, .limits = {}, .limits_of = {}};
  for (const auto& [alias, group] : groups_) {
    if (options.limits_of.contains(group) && !is_special(config, name, alias)) continue;
    auto& limits = options.limits_of[group];
    limits.clear();
    for (const LimitSettings& limit : client_limits(config, name, alias))
      limits.push_back(limit_of(limit, charge_models_.at(alias), 0));
  }
  return options;
}

ClientId Callers::open(const Config& config, const std::string& name) {
  if (const auto found = known_.find(name); found != known_.end()) return found->second.id;
  ClientOptions options = options_of(config, name);
  Priority priority = Priority::interactive;
  if (const auto own = config.clients.find(name); own != config.clients.end()) {
    options.weight = own->second.weight;
    priority = own->second.priority;
    if (!own->second.parent.empty()) options.parent = open(config, own->second.parent);
  }
  const ClientId id = gate_.client(options);
  known_[name] = {id, priority};
  return id;
}

Caller Callers::of(const std::string& principal) {
  if (const auto found = known_.find(principal); found != known_.end()) return found->second;
  const bool room = strangers_ < kStrangersMax;
  ClientOptions options = stranger_;
  options.name = room ? principal : kOthers;
  const Caller client{gate_.client(options), Priority::interactive};
  if (room) {
    ++strangers_;
    known_.emplace(principal, client);
  }
  return client;
}

}  // namespace weir
