// Calls of models, by whoever asks for an answer: each is a flight of its own, unless its tool says that answers may be
// had from before (Job::cache). Then the answer is found in the cache, or shared with an equal call that is on its way,
// or flown for and kept. Only calls of such tools are shared: who asks another tool twice may want two answers.
// Equal:     what answer_key.h says; client, tool and deadline do not matter.
// Shared:    the flight is flown and paid as the call of whoever came first; the others wait at his place, whatever
//            their own priority. If he leaves, it goes on and the next one is told what it cost. It is cancelled with
//            the last of them. Its landing holds for all, but what failed by the limits, the deadline, the priority or
//            the account of whom it was flown for: the first of those who have others flies again, for those.
// Kept:      whole answers only (Finish::stop, schema fitted), never what was cut, refused, filtered, or failed.
// Receipts:  of an answer from the cache, or shared: its Origin, nothing used, cost 0. What completions tell as their
//            usage is what it was when they were made. Over all calls, what was used is told once.
// Invariant: `landed` is called once for each call, unless this is destroyed before; to cancel one call leaves those
//            that share its flight alone.
// Errors:    a cache that is slow, full or broken is passed by.
// Threads:   the loop's thread.
// Owner:     loop, flights and cache outlive it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tools/cache/answer_cache.h"
#include "tools/cache/answer_key.h"
#include "tools/flights.h"

namespace weir {

using CallId = std::uint64_t;  // never 0

struct CallCounts {                               // of calls that may be answered from before
  std::int64_t hits = 0, misses = 0, shared = 0;  // a miss was flown for
  KeptCounts kept{};
  bool operator==(const CallCounts&) const = default;
};

class Calls {
 public:
  Calls(Loop& loop, Flights& flights, AnswerCache* cache) : loop_(loop), flights_(flights), cache_(cache) {}
  CallId start(Job job, std::function<void(Landing)> landed);  // `landed` is never called inside this call
  void cancel(CallId id);                                      // lands as cancelled; unknown or landed ids are ignored
  void cancel_all();
  std::optional<FlightView> view(CallId id) const;  // nothing: it has landed
  // Called once, when nothing is in the air any more: at once, or after the last landing was told.
  void when_empty(std::function<void()> fn);
  std::size_t in_air() const { return calls_.size(); }
  CallCounts counts() const;

 private:
  struct Terms;    // what a call brings of its own to a flight that it shares
  struct Sharing;  // equal calls on their way
  using Place = std::pair<AnswerKey, Duration>;
  struct Asking {
    std::function<void(Landing)> landed;
    Instant started{};
    FlightId flight = 0;                 // its own
    std::shared_ptr<Sharing> sharing{};  // or the one that it shares
    std::shared_ptr<const Terms> terms{};
    Timer deadline{};
  };

  void share(CallId id, Asking asking, const AnswerKey& key, Job job);
  void look_up(const std::shared_ptr<Sharing>& sharing);
  void looked_up(const std::shared_ptr<Sharing>& sharing, std::optional<Completion> completion);
  void fly(const std::shared_ptr<Sharing>& sharing);
  void come_down(const std::shared_ptr<Sharing>& sharing, Landing landing);
  void leave(CallId id, Error why);
  void expire(CallId id);
  static Place place_of(const Sharing& sharing);
  void close(Sharing& sharing);
  void forget(const Sharing& sharing);  // it cannot be joined any more
  void tell(CallId id, Landing landing);
  void tell_free(CallId id, decltype(Landing::outcome) outcome, Origin origin);

  Loop& loop_;
  Flights& flights_;
  AnswerCache* const cache_;  // null: nothing is kept
  CallId last_ = 0;
  std::unordered_map<CallId, Asking> calls_;
  std::map<Place, std::shared_ptr<Sharing>> open_;  // those that can be joined
  CallCounts counts_;
  std::function<void()> when_empty_;
};

}  // namespace weir
