// What the limiter decides, told on: counted in the tally, and what an operator should know of is logged: that a
// provider paused a model, and that it named another limit.
// Threads: the loop's thread.
// Owner:   the tally outlives it.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "limiter/tally.h"

namespace weir::mcp {

class Decisions final : public Observer {
 public:
  using Log = std::function<void(const std::string& line)>;
  Decisions(Tally& tally, Log log) : tally_(tally), log_(std::move(log)) {}
  void on(const Decision& decision) override;
  // What the log calls a group from now on: one of its aliases.
  void name(GroupId group, const std::string& alias) { names_.insert_or_assign(group, alias); }

 private:
  std::string name_of(GroupId group) const;

  Tally& tally_;
  Log log_;
  std::map<GroupId, std::string> names_;
};

}  // namespace weir::mcp
