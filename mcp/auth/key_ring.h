// The keys of an issuer as they are now: fetched when first needed, again when a token names a key that is not among
// them (an issuer that rotates), and every `refresh` as long as somebody uses them.
// Invariant: one fetch at a time, and none within `pause` of the last, whatever tokens claim. A failed fetch keeps the
//           old keys. Who waits is bounded, in number and in bytes.
// Errors:  a failure is told to whoever waited, and to the log.
// Threads: fresh() and renew() from any; the rest on the loop's.
// Owner:   outlives whoever calls it; the loop outlives it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "config/result.h"
#include "limiter/loop.h"
#include "mcp/auth/complaints.h"
#include "mcp/auth/key_set.h"

namespace weir::mcp {

// Fetches the issuer's JWKS document. Called on the loop; answers there, once, now or later.
using FetchKeys = std::function<void(std::function<void(Result<std::string>)> done)>;

struct KeyRingOptions {
  Duration refresh = std::chrono::minutes(15);
  Duration pause = std::chrono::seconds(30);
  int waiters_max = 1'000;
  std::int64_t waiting_bytes_max = 64 << 20;  // of the requests that wait
};

class KeyRing {
 public:
  using Keys = std::shared_ptr<const KeySet>;
  // renewed: these are the issuer's keys at this moment, or were within the pause. failed: the keys are old, or null.
  // crowded: too many wait already; the keys are null.
  enum class Renewal { renewed, failed, crowded };
  using Renewed = std::function<void(Renewal, Keys)>;

  KeyRing(Loop& loop, FetchKeys fetch, KeyRingOptions options, Log log);
  ~KeyRing();
  KeyRing(const KeyRing&) = delete;
  KeyRing& operator=(const KeyRing&) = delete;

  Keys fresh();  // null: renew() first
  // `done` runs on the loop's thread; when it is crowded, on the caller's, within this call. `bytes`: what waits.
  void renew(std::int64_t bytes, Renewed done);

 private:
  struct Waiter {
    std::int64_t bytes;
    Renewed done;
  };
  void ask(Waiter waiter);
  void fetch();
  void on_fetched(Result<std::string> document);
  void on_timer();
  void answer(const Waiter& waiter, Renewal renewal, const Keys& keys);
  void release(std::int64_t bytes);
  Keys keys();

  Loop& loop_;
  const FetchKeys fetch_;
  const KeyRingOptions options_;
  const Log log_;
  std::atomic<int> waiting_ = 0;
  std::atomic<std::int64_t> waiting_bytes_ = 0;
  std::atomic<bool> used_ = false;  // since the timer was set

  // On the loop.
  bool fetching_ = false, failed_ = false;
  Instant fetched_at_;  // when the last fetch began; zero: never
  std::vector<Waiter> waiters_;
  Timer timer_;
  std::shared_ptr<KeyRing*> self_;  // null when destroyed: a fetch may answer later

  std::mutex mu_;
  Keys keys_;
  bool fresh_ = false;
};

}  // namespace weir::mcp
