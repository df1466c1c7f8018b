// The calls in flight on one pipe, by request id: what a cancellation finds, and what says whether an answer is still
// wanted.
// Invariant: a cancelled call gives its id free at once, but counts against the maximum until it ends.
// Threads: any. Stop callbacks run on the thread that cancels, without the lock.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <stop_token>
#include <variant>

#include "mcp/call.h"

namespace weir::mcp {

class Inflight {
 public:
  struct Slot {
    RequestId id;
    std::uint64_t serial;
    std::stop_token stop;
  };
  enum class Refusal { duplicate, full };

  explicit Inflight(int calls_max) : calls_max_(calls_max) {}

  std::variant<Slot, Refusal> begin(const RequestId& id);
  // The call has ended; true when its answer is to be sent. Once for each slot.
  bool end(const Slot& slot);
  // False when there is no such call: it has ended, or never was.
  bool cancel(const RequestId& id);
  void cancel_all();
  int running() const;

 private:
  struct Entry {
    std::uint64_t serial;
    std::stop_source stop;
  };
  const int calls_max_;
  mutable std::mutex mu_;
  std::map<RequestId, Entry> wanted_;
  int running_ = 0;
  std::uint64_t last_serial_ = 0;
};

}  // namespace weir::mcp
