// Every decision of the limiter, as a value: for the ledger, metrics, logs and pages. What sees them is passed down.
// Shape:   who: group, client and tool as the gate names them. Durations from the gate's clock.
// Threads: called on the loop's thread, after slots and charges have been given back, and never under way: an observer
//          may not call the gate.
// Owner:   the observer outlives the gate.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "limiter/feedback.h"
#include "limiter/limit.h"

namespace weir {

using GroupId = std::uint32_t;
using ClientId = std::uint32_t;
using ToolId = std::uint32_t;

struct Who {
  GroupId group = 0;
  ClientId client = 0;
  ToolId tool = 0;
};

struct Queued {
  Who who;
  Duration predicted{};
};

struct Admitted {
  Who who;
  Estimate reserved;
  Duration waited{};     // from asking to admission: queued for a slot, and throttled by a limit
  Duration throttled{};  // the part of it during which there was a slot
};

struct Refused {
  Who who;
  Refusal refusal;
  Duration waited{};
};

struct Settled {
  Who who;
  Ending ending = Ending::success;
  Estimate reserved, used;       // as the group's limits count them
  Duration held{};               // from admission to settlement
  std::int64_t debt_tokens = 0;  // by how much the use exceeded what was reserved
};

// The provider refused for a rate: the whole group (limit empty) or one limit of it is closed for `span`.
struct Paused {
  GroupId group = 0;
  std::string limit;
  Duration span{};
  bool finer_slices = false;  // refused although something was left
};

// A limit of the group goes on under another amount, because the provider names one.
struct Adopted {
  GroupId group = 0;
  std::string limit;
  std::int64_t from = 0, to = 0;
};

using Decision = std::variant<Queued, Admitted, Refused, Settled, Paused, Adopted>;

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on(const Decision& decision) = 0;
};

}  // namespace weir
