// Whose limits hold: the tables of clients and the defaults, merged, for many clients and models at once.
// Shape:   limits are ordered by name; each is the most special one of its name, as client_limits() in config.h says.
//          `client` may be nobody of the configuration, who then has the defaults.
// Threads: immutable.
// Owner:   the configuration outlives it, and what it answers.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "config/config.h"

namespace weir {

// Equal for two aliases whose limits are one. Views of the settings.
using Account = std::tuple<std::string_view, std::string_view, std::string_view, std::string_view>;
Account account_of(const ModelSettings& model);

class LimitsInForce {
 public:
  using Limits = std::vector<const LimitSettings*>;

  explicit LimitsInForce(const Config& config);
  Limits on(const std::string& client, const std::string& alias) const;
  // The aliases of which some table says something to this client, by name or by another name of the same account; and
  // what holds on all the others.
  std::vector<const std::string*> named(const std::string& client) const;
  Limits elsewhere(const std::string& client) const;

 private:
  using Tables = std::vector<const ClientLimits*>;
  Tables tables_of(const std::string& client) const;
  const std::vector<LimitSettings>* table(const ClientLimits& limits, const std::string& alias) const;

  const Config& config_;
  std::map<Account, std::vector<const std::string*>> aliases_;
};

}  // namespace weir
