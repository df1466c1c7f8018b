// A configuration on its way to be in force: read, checked, and made into all that it will be, without touching what is
// in force. Making it takes milliseconds, and belongs to a thread of its own; putting it in force does not.
// Shape:   either a Draft, or every mistake, ordered by line.
// Groups:  the gate numbers limit groups from nought in the order in which it is told of them; so does GroupNumbers,
//          ahead of it, which is carried over from one draft that was put in force to the next.
// Threads: values; make_draft() reads files, and the environment.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "config/config.h"
#include "config/diff.h"
#include "limiter/budgets.h"
#include "limiter/gate.h"
#include "mcp/weir/host.h"

namespace weir::mcp {

class GroupNumbers {
 public:
  GroupId of(const GroupOptions& options);
  GroupId at(const std::string& key) const { return numbers_.at(key); }
  void begin() { stated_.clear(); }
  // Those of the draft, each once, as it first states them: new ones in the order of their numbers.
  const std::vector<GroupOptions>& stated() const { return stated_; }

 private:
  std::map<std::string, GroupId> numbers_;  // by key
  std::vector<GroupOptions> stated_;
};

struct DraftSource {
  std::string file, version;  // of the configuration; of the program
  Environment environment;
};

struct Draft {
  std::shared_ptr<const Config> config;
  std::shared_ptr<const Menu> menu;
  GroupNumbers groups;
  std::vector<Mistake> warnings;
  // Against the draft before, if there was one:
  std::vector<std::string> kept{};        // keys that need a restart, and are as they were
  std::vector<Difference> differences{};  // what will be in force to what is
};

tl::expected<Draft, std::vector<Mistake>> make_draft(const DraftSource& source, const Draft* before = nullptr);

// What the gate is told of it, but for the clients.
GateOptions gate_options(const ServerSettings& server);
GateChange gate_change(const Draft& draft);
// Of all whom the configuration names.
std::map<std::pair<BudgetScope, std::string>, BudgetSettings> budgets_of(const Config& config);

// The beginning of the SHA-256 of a text.
std::string short_digest(const std::string& text);

}  // namespace weir::mcp
