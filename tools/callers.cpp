#include "tools/callers.h"

#include "config/client_limits.h"

namespace weir {
namespace {

constexpr std::size_t kStrangersMax = 10'000;
// No client and no subject has this name.
constexpr const char* kOthers = "others, who share their limits";

std::vector<Limit> limits_of(const LimitsInForce::Limits& settings) {
  std::vector<Limit> limits;
  limits.reserve(settings.size());
  for (const LimitSettings* limit : settings) limits.push_back(limit_of(*limit, ChargeModel::total, 0));
  return limits;
}

}  // namespace

Callers::Callers(Gate& gate, const Config& config, const std::function<GroupId(const ModelSettings&)>& group_of)
    : gate_(gate) {
  restate(config, group_of);
}

std::vector<ClientOptions> Callers::restate(const Config& config,
                                            const std::function<GroupId(const ModelSettings&)>& group_of) {
  const LimitsInForce in_force(config);
  std::unordered_map<std::string, Caller> known;
  std::unordered_map<std::string, std::string> parents;
  std::vector<ClientOptions> all;
  const auto options_of = [&](const std::string& name) {
    ClientOptions options{
        .name = name, .parent = {}, .weight = 1, .limits = limits_of(in_force.elsewhere(name)), .limits_of = {}};
    for (const std::string* alias : in_force.named(name)) {
      for (const ModelSettings& account : accounts_of(config.models.at(*alias)))
        options.limits_of[group_of(account)] = limits_of(in_force.on(name, *alias));
    }
    return options;
  };
  const auto open = [&](const std::string& name, const ClientSettings& settings, std::optional<ClientId> parent) {
    ClientOptions options = options_of(name);
    options.weight = settings.weight;
    options.parent = parent;
    known[name] = {gate_.client(options), settings.priority};
    if (!settings.parent.empty()) parents[name] = settings.parent;
    all.push_back(std::move(options));
  };
  // Parents have no parents.
  for (const auto& [name, client] : config.clients)
    if (client.parent.empty()) open(name, client, std::nullopt);
  for (const auto& [name, client] : config.clients)
    if (!client.parent.empty()) open(name, client, known.at(client.parent).id);
  if (!known.contains(kAnonymous)) open(kAnonymous, {}, std::nullopt);
  const std::size_t configured = known.size();

  stranger_ = options_of("");
  const auto defaults_for = [&](const std::string& name) {
    all.push_back(stranger_);
    all.back().name = name;
  };
  for (const auto& [name, caller] : known_) {
    if (known.contains(name)) continue;
    defaults_for(name);
    known[name] = {caller.id, Priority::interactive};
  }
  if (others_came_) defaults_for(kOthers);
  known_ = std::move(known);
  parents_ = std::move(parents);
  strangers_ = known_.size() - configured;
  return all;
}

std::string Callers::parent_of(const std::string& client) const {
  const auto found = parents_.find(client);
  return found == parents_.end() ? "" : found->second;
}

Caller Callers::of(const std::string& principal) {
  if (const auto found = known_.find(principal); found != known_.end()) return found->second;
  const bool room = strangers_ < kStrangersMax;
  ClientOptions options = stranger_;
  options.name = room ? principal : kOthers;
  const Caller client{gate_.client(options), Priority::interactive};
  others_came_ = others_came_ || !room;
  if (room) {
    ++strangers_;
    known_.emplace(principal, client);
  }
  return client;
}

}  // namespace weir
