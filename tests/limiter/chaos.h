// A gate that is treated at random: groups, clients and tools of every kind, calls that come, wait, leave, stream, end
// in every way and are never heard of again, while time goes by. After every step it is looked at from outside.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/limiter/gate_scene.h"

namespace weir {

// What a bucket should hold, by arithmetic of its own: what was settled, and when.
class Replay {
 public:
  explicit Replay(Limit limit) : limit_(std::move(limit)), level_(static_cast<double>(limit_.burst)) {}
  // The number of the charge.
  std::size_t charge(std::int64_t units, Instant now);
  void settle(std::size_t charge, std::int64_t units, Instant now);
  // Nothing when the level may be right; else what it should be.
  std::optional<std::string> object_to(std::int64_t level, Instant now, WallTime wall);

 private:
  struct Taken {
    Instant at;
    std::int64_t units;
  };
  void flow(Instant now);

  Limit limit_;
  std::vector<Taken> taken_;
  // Of a bucket: a level that flows.
  double level_;
  Instant at_{};
};

class Chaos {
 public:
  struct Counts {
    std::int64_t entered = 0, admitted = 0, refused = 0, cancelled = 0, settled = 0, fired = 0, reconfigured = 0;
  };
  // With feedback, providers lower, close and slice limits; what a bucket holds is then no longer a matter of charges.
  // Reconfigured, everything that was stated of groups, clients, tools and the gate is stated otherwise now and then.
  Chaos(std::uint64_t seed, bool feedback, bool reconfigured = false);
  ~Chaos();
  void step();
  // Ends all that is under way or waits, and lets time go by; then everything is as it was at first.
  void drain();
  const Counts& counts() const { return counts_; }

 private:
  struct Call {
    Ask ask;
    std::vector<std::pair<std::string, std::size_t>> charges;  // in replays
    std::optional<Instant> deadline;
    Gate::Ticket ticket;
    Lease lease;
    bool answered = false;
  };
  std::int64_t any(std::int64_t from, std::int64_t to) {
    return std::uniform_int_distribution<std::int64_t>(from, to)(random_);
  }
  bool chance(int percent) { return any(1, 100) <= percent; }
  std::vector<Limit> any_limits();
  std::optional<int> any_slots() { return chance(30) ? std::optional(static_cast<int>(any(1, 4))) : std::nullopt; }
  GroupOptions any_group(const std::string& name);
  ClientOptions any_client(const std::string& name);
  void any_options();
  void reconfigure();
  Limit any_limit(const std::string& name, Unit unit);
  Feedback any_feedback();
  void enter();
  void answered(Call& call, Admission answer);
  void settle(Call& call);
  void top_up(Call& call);
  void forget(std::size_t index);
  void book(Call& call, const std::function<std::int64_t(Unit)>& units);
  void look();
  void look_for_forgotten(const Call& waiter);

  std::mt19937_64 random_;
  bool feedback_, reconfigured_;
  fakes::FakeLoop loop_;
  MemoryStore store_;
  GateOptions options_;
  std::unique_ptr<Gate> gate_;
  std::vector<GroupId> groups_;
  std::vector<ClientId> clients_{0};
  std::vector<ToolId> tools_{0};
  std::vector<std::optional<int>> group_slots_, tool_slots_{std::nullopt};
  int slots_most_ = 0;  // more may be taken for a while when there were more
  std::map<GroupId, Instant> promised_until_;
  std::map<std::string, Replay> replays_;  // by group, scope and limit
  std::vector<std::unique_ptr<Call>> calls_;
  Counts counts_;
};

}  // namespace weir
