// A gate with its store in virtual time, and calls that ask it, are held for a while, and settle.
// Shape:   every step of a call can be watched: when it is admitted, refused, or about to settle.
// Threads: one.
// Owner:   outlives nothing: what a call captures must outlive the field.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench/replay/workload.h"
#include "limiter/gate.h"
#include "limiter/store_memory.h"
#include "tests/fakes/fake_loop.h"

namespace bench::scenarios {

using replay::Random;
using weir::Duration;
using weir::Instant;

// A bucket whose burst is a sixth of the amount, as the default for tokens is.
weir::Limit tokens_a_minute(std::int64_t amount, std::string name = "tpm");

std::int64_t lognormal(Random& random, double median, double sigma, std::int64_t least, std::int64_t most);
Duration exponential(Random& random, Duration mean);

inline double seconds(Duration span) { return std::chrono::duration<double>(span).count(); }
// The value that this share of them does not exceed.
double quantile(std::vector<double> values, double share);

struct Call {
  weir::Ask ask;
  weir::Usage used = weir::Exact{};
  Duration takes{};
  std::function<void(Duration waited)> went{};
  std::function<void(const weir::Refusal&)> refused{};
  std::function<void()> settling{};  // before what was used is booked
  std::function<void()> over{};      // after it
};

class Field {
 public:
  explicit Field(weir::GateOptions options) : gate(loop, store, options) {}
  ~Field();
  Field(const Field&) = delete;
  Field& operator=(const Field&) = delete;

  weir::ClientId client(const std::string& name, std::vector<weir::Limit> limits = {}, int weight = 1,
                        std::optional<weir::ClientId> parent = {});
  void call(Call call);
  void at(Instant when, std::function<void()> fn);
  Instant now() const { return loop.now(); }
  int in_flight() const { return static_cast<int>(leases_.size()); }

  weir::fakes::FakeLoop loop;
  weir::MemoryStore store;
  weir::Gate gate;

 private:
  void settle(std::uint64_t id);

  struct Held {
    Call call;
    weir::Lease lease;
  };
  bool ending_ = false;
  std::uint64_t last_ = 0;
  std::unordered_map<std::uint64_t, weir::Gate::Ticket> tickets_;
  std::unordered_map<std::uint64_t, Held> leases_;
  std::unordered_map<std::uint64_t, weir::Timer> timers_;
};

}  // namespace bench::scenarios
