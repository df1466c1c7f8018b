// One run in virtual time: callers who ask, a limiter who lets them go, a provider who counts and answers, and the wire
// between the two. An hour of it takes a second, and the same seed gives the same run.
// Shape:   a call takes 20 to 60 ms to the provider and back, and there 0.5 s + a sixtieth of a second for each token
// of
//          its answer. Who is let go is sent at once; who is answered asks again at once, as long as there is demand.
//          When demand ends, who waits leaves. Another program (scenario `foreign`) sends 20 calls of 1,000 tokens at a
//          moment in each 20 s, and those that are refused again every 250 ms until the next.
// Errors:  `wrong` says what no limiter may do; then the numbers mean nothing.
// Threads: one world on one thread; worlds share nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench/replay/judge.h"
#include "bench/replay/limiter.h"
#include "tests/fakes/fake_loop.h"

namespace bench::replay {

using MakeLimiter = std::function<std::unique_ptr<Limiter>(weir::Loop&, Go)>;

struct Outcome {
  Score score;
  std::vector<std::string> wrong;
};

class World {
 public:
  World(const Workload& workload, Regime regime, Counting counting, const MakeLimiter& make);
  Outcome play();

 private:
  enum class State { idle, polling, queued, sent };
  struct Caller {
    State state = State::idle;
    std::uint64_t calls = 0;
    Call call;
    Instant sent{};
  };
  struct Poll {
    Instant at;
    int caller;
    bool operator<(const Poll& other) const { return std::pair(other.at, other.caller) < std::pair(at, caller); }
  };

  Caller& caller_of(int index) { return callers_[static_cast<std::size_t>(index)]; }
  void at(Instant when, std::function<void()> fn);
  void run_until(Instant until);
  Duration delay();
  void poll_at(Instant when, int index);

  void open();
  void close();
  void begin(int index);
  void ask(int index);
  void go(int index);
  void send(int index);
  void arrive(int index);
  void refuse(int index, const Verdict& verdict);
  void produce(int index, std::int64_t before);
  void finish(int index);
  void answer(int index, const std::optional<Headers>& headers);
  void foreign_burst();
  void foreign_call(Instant until);

  Workload workload_;
  Regime regime_;
  Counting counting_;
  weir::fakes::FakeLoop loop_;
  Random random_;
  Provider provider_;
  Judge judge_;
  std::vector<Caller> callers_;
  bool demand_ = false;
  std::priority_queue<Poll> polls_;
  std::unordered_map<std::uint64_t, weir::Timer> timers_;
  std::uint64_t last_timer_ = 0;
  std::unique_ptr<Limiter> limiter_;
  std::vector<std::string> wrong_;
};

}  // namespace bench::replay
