// What a flight keeps account of: its receipt, what it holds of budgets, and what it tells the log of each attempt and
// of itself.
// Invariant: the sums of what is told of a flight's attempts are its receipt's; what is held of budgets is settled
// once,
//          at the latest when the book is destroyed.
// Units:   cost in picodollars in the receipt, in nano-dollars in records, each rounded half up.
// Threads: the loop's thread. The log and the budgets are told before the lease is settled, and call nobody back.
// Owner:   the flight.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "limiter/budgets.h"
#include "tools/call_log.h"
#include "tools/flight.h"
#include "tools/http/client.h"

namespace weir {

// How an attempt ended, in the words of AttemptRecord.
struct AttemptEnd {
  std::string outcome = "ok";
  std::optional<Fault> fault{};
  Ending ending = Ending::success;
  Usage usage = AtLeast{};  // as the lease is settled by
};

const char* attempt_word(Finish finish);  // "ok", "length", …

class FlightBook {
 public:
  // `job` outlives the book.
  FlightBook(const Airspace& air, const Job& job);
  ~FlightBook() { drop_hold(); }
  FlightBook(const FlightBook&) = delete;
  FlightBook& operator=(const FlightBook&) = delete;

  // It joins the queue. What the call may cost at most is held; or it may not go, and why.
  std::optional<std::variant<Refusal, Error>> ask();
  // The queue has let it go, but it is not sent after all; or not let go.
  void drop_hold();
  void admitted(const Lease& lease);
  void waited_in_vain(Duration waited) { receipt.waited += waited; }

  // The attempt is handed to the provider. `by`: the job's model, by the key it goes by.
  void sent(const Model& by, const Lease& lease, bool streamed);
  void heard(const HttpResponse& head);  // of a stream: its first byte
  // What the answer had of what is worth keeping.
  void answered(const Completion& completion);
  void answered(const HttpResponse& response);
  // What was used, as reported, or as seen of an answer that broke off.
  void used(const TokenCounts& counts);
  void seen(const AtLeast& seen);
  void settled(const AttemptEnd& end);

  void landed(const std::variant<Completion, Refusal, Error>& outcome, Duration took);
  void dropped();  // destroyed in the air

  // Of the flight, for what is sent; nothing if it has none.
  const TraceContext* trace() const;

  Receipt receipt;

 private:
  void tell(std::string outcome, std::optional<Fault> fault, std::optional<Refusal> refusal);
  // What a call may cost at most; absent: it has no price.
  std::optional<Spending> most() const;

  const Airspace& air_;
  const Job& job_;
  FlightRecord flight_;
  std::string last_outcome_;  // of an attempt
  AttemptRecord attempt_;
  bool under_way_ = false;  // attempt_ is sent, and not settled
  bool told_ = false;
  std::int64_t cost_ = 0;
  bool cost_known_ = true;
  std::optional<std::int64_t> attempt_cost_;  // absent: unknown, or nothing was reported
  Instant sent_{};

  Spender spender_;
  Spending held_;
  std::optional<BudgetPeriods> periods_;  // a hold is out
};

}  // namespace weir
