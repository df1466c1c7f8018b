// What the replay asks of a limiter, ours or a peer's: may this call go now, and here is what became of it.
// Shape:   a caller has one call at a time. ask() may be repeated for the same call; whoever is told `later` asks again
//          after 50 to 150 ms, whoever is `queued` is called back through Go.
// Units:   tokens; `now` is the replay's virtual time.
// Threads: the replay's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/replay/provider.h"

namespace bench::replay {

enum class Answer { go, later, queued };
using Go = std::function<void(int caller)>;

class Limiter {
 public:
  virtual ~Limiter() = default;
  virtual Answer ask(const Call& call, Instant now) = 0;
  // A call that waits, or that was refused by the provider, does not want to go any more.
  virtual void cancel(const Call&) {}
  // Whether produced() is of any use: then answers are streamed.
  virtual bool streams() const { return false; }
  virtual void produced(const Call&, std::int64_t /*output_tokens so far*/, Instant) {}
  virtual void answered(const Call& call, const std::optional<Headers>& headers, Instant now) = 0;
  // A 429. Answers when the caller asks again; absent: when the provider told it to, or as if told `later`.
  virtual std::optional<Instant> refused(const Call& call, const Verdict& verdict, Instant now) = 0;
  // Calls that it did not bring through although their caller wanted to go on.
  virtual std::int64_t gave_up() const { return 0; }
  // After all calls have ended and nothing was asked for ten minutes: what was not given back.
  virtual std::vector<std::string> leaks(Instant) { return {}; }
};

}  // namespace bench::replay
