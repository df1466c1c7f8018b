// A Flight is one call on its way: waiting for admission, calling, settled; again, if a retry is allowed; then landed.
// Order of its one loop: deadline, retry, admission, provider. Each attempt is admitted and charged anew; so is the one
// repair of an answer that does not fit its schema.
// Streams: answers that may be long come as streams: what is reserved is raised to what has been seen, and what was
// seen
//          is what a call that ends early is settled by.
// Invariant: lands exactly once, unless it is destroyed before; its lease is settled before it lands.
// Errors:  Landing::outcome is a Completion, the gate's or a budget's Refusal, or an Error (cancelled included).
// Threads: the loop's thread.
// Owner:   Flights (flights.h), which keeps those in the air; a test may own one directly.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <variant>

#include "limiter/estimator.h"
#include "tools/http/client.h"
#include "tools/model.h"
#include "tools/retry.h"

namespace weir {

// What may be answered from what has been answered before.
struct CacheUse {
  Duration ttl{};
  std::string name_space;
};

class Budgets;        // limiter/budgets.h
class CallLog;        // call_log.h
struct CallIdentity;  // call_log.h

struct Job {
  std::shared_ptr<const Model> model;
  Prompt prompt;
  std::optional<Instant> deadline;  // the caller's, for the whole call
  std::uint64_t caller = 0;         // see Ask: by this number a refused call is known when it is made again
  ClientId client = 0;
  ToolId tool = 0;
  Priority priority = Priority::interactive;
  std::optional<CacheUse> cache{};  // see calls.h
  std::shared_ptr<const CallIdentity> call{};  // whose it is, for logs and budgets; null = nobody's
  std::uint64_t kind = 0;           // of calls whose answers are alike in length: a tool at a profile; 0 = not learned
};

enum class Origin { provider, cache, shared };  // shared: another call, on its way at the same time, was the same

// What a call cost its account and its caller.
struct Receipt {
  Estimate reserved;         // by the last attempt
  TokenCounts used;          // summed over attempts that reported
  bool usage_known = false;  // the provider reported it
  bool at_least = false;     // an attempt broke off: used and cost hold what was seen of it, and may fall short
  Duration waited{};         // for admission, summed over attempts
  Duration throttled{};      // the part of it that limits were the reason of, not slots
  Duration took{};           // from start to landing
  int attempts = 0;          // requests handed to the provider
  std::optional<std::int64_t> cost_picodollars;
  std::string profile{};             // what it was asked at; empty = none
  bool repaired = false;             // the answer did not fit its schema, and the model was asked once more
  std::int64_t from_cache = 0, shared = 0;  // answers that came so, of several calls
  Origin origin = Origin::provider;  // of cache and shared nothing is used, waited for by limits, or paid by this call
};

struct Landing {
  std::variant<Completion, Refusal, Error> outcome;
  Receipt receipt;
};

// How far a flight has come, for whoever waits for it.
struct FlightView {
  enum class Stage { waiting, calling, pausing };  // for admission; for the provider; before the next attempt
  Stage stage = Stage::waiting;
  std::string obstacle{};   // what it waits for: "tpm", "concurrency"; empty when nothing is known to be short
  std::int64_t tokens = 0;  // of the answer so far, if it streams
};

class Flight {
 public:
  virtual ~Flight() = default;  // silently: cancels, settles
  virtual FlightView view() const = 0;
  virtual void cancel() = 0;  // lands as cancelled, now; nothing if it has landed
};

// What flights share. All outlive every flight.
struct Airspace {
  Loop& loop;
  Gate& gate;
  HttpClient& http;
  RetryBudgets& retry_budgets;
  Estimator& estimator;
  std::mt19937_64& random;     // jitter, span ids
  CallLog* log = nullptr;      // told of every attempt and flight
  Budgets* budgets = nullptr;  // null = there are none
  bool trace_upstream = false; // whether providers are sent a traceparent
};

// `landed` is called once, from the loop or from cancel(); never inside this call. It may destroy the flight.
[[nodiscard]] std::unique_ptr<Flight> start_flight(const Airspace& air, Job job, std::function<void(Landing)> landed);

}  // namespace weir
