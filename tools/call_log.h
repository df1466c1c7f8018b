// What happened, told as it happens to those who keep count: the ledger, the metrics, the traces. A call of a tool makes
// any number of flights (a list: one for each text; from the cache: none), a flight any number of attempts.
// Shape:   a record holds all that is told of it; nothing in it is text of a prompt or of an answer, but for a tool that
//          opts in (CallRecord::arguments, ::answer).
// Units:   wall-clock times in nanoseconds of the system clock; money in nano-dollars (1 US dollar = 10^9), rounded for
//          each attempt, half up; tokens as TokenCounts has them: input includes cached, output includes reasoning.
// Order:   attempted() for each attempt when it is settled, then flown(), then ended() of the call. A flight that others
//          share is told as the flight of the call that began it, even when that has ended.
// Threads: the loop's thread. None of them may wait, throw, or call back.
// Owner:   a log outlives whoever tells it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/zone.h"
#include "limiter/limit.h"
#include "tools/model.h"
#include "tools/trace.h"

namespace weir {

// Of one call of a tool: who, what, in which trace.
struct CallIdentity {
  std::uint64_t number = 0;  // from 1, in the order of this process
  std::string tool, client;
  std::string parent{};      // of the client, whose limits and budgets are charged too; empty = none
  std::string transport{};   // "http", "stdio", "shell"
  TraceContext trace{};      // span: that of the call itself
  TraceContext caller{};     // as it came; span absent = nobody's
  std::string method = "tools/call";
};

// What a budget was charged with for an attempt.
struct BudgetCharge {
  std::string day, month;   // "2026-11-22", "2026-11": of the time zone of budgets
  std::int64_t nano = 0;    // money; what was reserved, if nobody knows what it cost
  std::int64_t tokens = 0;  // input and output
  bool operator==(const BudgetCharge&) const = default;
};

// One request that was handed to a provider.
struct AttemptRecord {
  std::shared_ptr<const CallIdentity> call;  // never null
  std::uint64_t flight = 0;                  // tells flights apart: drawn at random, below 2^53
  int number = 1;                            // of the flight's attempts
  std::string model, provider, account, profile;  // alias; "openai"; the key's name, empty = the first; may be empty
  std::string wire_model{};                  // as it was asked for, in the provider's words
  std::string answered_by{};                 // as the provider names it in its answer; may be empty
  WallTime asked{}, sent{}, ended{};         // when it joined the queue, was handed over, was settled
  Duration queued{}, throttled{};            // of the time from asked to sent: for slots, for limits
  std::vector<std::pair<std::string, Duration>> throttled_by{};  // the second, by limit: {"tpm", 1.2 s}
  std::optional<Duration> first_byte{};      // since sent; of streams
  std::string outcome = "ok";                // "ok", "length", "refusal", "filter", "rate_limited", "error", "cancelled", "unsent"
  std::optional<Fault> fault{};
  int status = 0;                            // HTTP's; 0 = none came
  std::optional<TokenCounts> used{};         // as reported, or as seen of an answer that broke off
  bool at_least = false;                     // the latter
  Estimate reserved{};
  std::int64_t debt = 0;                     // tokens by which the use exceeded what was reserved
  std::optional<std::int64_t> cost_nano{};   // absent: unknown. 0 where nothing was used
  std::int64_t cap = 0;                      // what the provider was told as the most that the answer may have
  bool streamed = false;
  std::string request_id{};                  // the provider's
  BudgetCharge charge{};
};

// From asking a model to its answer, with all attempts.
struct FlightRecord {
  std::shared_ptr<const CallIdentity> call;
  std::uint64_t flight = 0;
  TraceContext trace{};  // span: the flight's own
  bool embeds = false;
  WallTime started{}, ended{};
  std::string outcome{};               // as of an attempt; "refused": by a limit or a budget, before it was sent
  std::optional<Fault> fault{};
  std::optional<Refusal> refusal{};
  bool repaired = false;
  std::string model, provider, wire_model;  // alias; also when it was never sent
  std::vector<AttemptRecord> attempts{};
};

// One call of a tool, ended.
struct CallRecord {
  std::shared_ptr<const CallIdentity> call;
  std::string kind{}, model{}, provider{}, profile{};  // model: an alias; empty for tools that ask no model
  WallTime started{}, ended{};
  std::string outcome = "ok";        // as the log says: "ok", "length", "refused", "cancelled", "bad_input", …
  std::optional<Fault> fault{};
  std::string refused_by{};          // the limit, if one refused: "tpm", "queue", "budget_day_usd", …
  std::string refused_of{};          // whose it is: "model fast", "client ci", "server"
  std::int64_t rows = 0, rows_failed = 0;  // of a list; rows 0 = no list
  std::int64_t from_cache = 0, shared = 0; // answers that were had without a flight of one's own
  Duration waited{}, throttled{}, took{};
  int attempts = 0;
  std::optional<std::string> arguments{}, answer{};  // JSON, of a tool that opts in
};

// Something an operator may want to know of later.
struct Note {
  WallTime at{};
  // "load", "reload", "reload_refused", "limit_adopted", "paused", "auth_refused", "budget_warned", "budget_exhausted"
  std::string kind;
  std::string subject;         // a file, a model, a client; may be empty
  std::string detail = "{}";   // a JSON object
};

class CallLog {
 public:
  virtual ~CallLog() = default;
  virtual void began(const CallIdentity&) {}
  virtual void attempted(const AttemptRecord&) {}
  virtual void flown(const FlightRecord&) {}
  virtual void ended(const CallRecord&) {}
  virtual void noted(const Note&) {}
};

// Tells several, in order.
class CallLogs final : public CallLog {
 public:
  void add(CallLog& log) { logs_.push_back(&log); }
  void began(const CallIdentity& call) override {
    for (CallLog* log : logs_) log->began(call);
  }
  void attempted(const AttemptRecord& attempt) override {
    for (CallLog* log : logs_) log->attempted(attempt);
  }
  void flown(const FlightRecord& flight) override {
    for (CallLog* log : logs_) log->flown(flight);
  }
  void ended(const CallRecord& call) override {
    for (CallLog* log : logs_) log->ended(call);
  }
  void noted(const Note& note) override {
    for (CallLog* log : logs_) log->noted(note);
  }

 private:
  std::vector<CallLog*> logs_;
};

}  // namespace weir
