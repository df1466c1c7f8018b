// Who calls, as the limiter knows them: the configured clients, and whoever else comes, with the defaults.
// Tokens:  of a client are input and output, as used, whatever a model's provider counts of them.
// Bounds:  ten thousand who are not configured have buckets of their own; those who come after share one set.
// Threads: the loop's thread; those configured, and anonymous, are made when it is built.
// Owner:   the gate outlives it.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/config.h"
#include "tools/model.h"

namespace weir {

struct Caller {
  ClientId id = 0;
  Priority priority = Priority::interactive;
};

class Callers {
 public:
  // `group_of` answers the limit group of a model by one of its keys, as accounts_of() lists them.
  Callers(Gate& gate, const Config& config, const std::function<GroupId(const ModelSettings&)>& group_of);
  // The configuration is another now. Answers what the gate is to be told of its clients: whoever was configured and is
  // no more has the defaults, as long as he still comes.
  std::vector<ClientOptions> restate(const Config& config,
                                     const std::function<GroupId(const ModelSettings&)>& group_of);
  // By the name that the door gave: a client's, "anonymous", an OAuth subject's.
  Caller of(const std::string& principal);
  // Of a configured client; empty = none.
  std::string parent_of(const std::string& client) const;

 private:
  Gate& gate_;
  std::unordered_map<std::string, Caller> known_;
  std::unordered_map<std::string, std::string> parents_;
  ClientOptions stranger_;  // but for the name
  std::size_t strangers_ = 0;
  bool others_came_ = false;
};

}  // namespace weir
