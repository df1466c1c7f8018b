// What the limiter decides, told on: counted in the tally, and what an operator should know of is logged: that a
// provider paused a model, and that it named another limit.
// Threads: the loop's thread.
// Owner:   the tally outlives it.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "limiter/tally.h"
#include "tools/call_log.h"

namespace weir::mcp {

class Decisions final : public Observer {
 public:
  using Log = std::function<void(const std::string& line)>;
  Decisions(Tally& tally, Log log) : tally_(tally), log_(std::move(log)) {}
  // What is noted for good: pauses, and limits that were learned.
  void note_to(std::function<void(Note)> note) { note_ = std::move(note); }
  void on(const Decision& decision) override;
  // What the log calls a group from now on: one of its aliases.
  void name(GroupId group, const std::string& alias) { names_.insert_or_assign(group, alias); }

 private:
  std::string name_of(GroupId group) const;
  void note(const char* kind, GroupId group, const nlohmann::json& detail) const;

  Tally& tally_;
  Log log_;
  std::function<void(Note)> note_{};
  std::map<GroupId, std::string> names_;
};

}  // namespace weir::mcp
