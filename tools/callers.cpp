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
  const LimitsInForce in_force(config);
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
    known_[name] = {gate.client(options), settings.priority};
  };
  // Parents have no parents.
  for (const auto& [name, client] : config.clients)
    if (client.parent.empty()) open(name, client, std::nullopt);
  for (const auto& [name, client] : config.clients)
    if (!client.parent.empty()) open(name, client, known_.at(client.parent).id);
  if (!known_.contains(kAnonymous)) open(kAnonymous, {}, std::nullopt);
  stranger_ = options_of("");
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
