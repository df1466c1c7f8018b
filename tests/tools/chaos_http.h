// A provider made of a seed: it answers, stalls, refuses, breaks and lies, and books in its ledgers what each request should have
// cost. It reads requests from their JSON and writes answers as JSON, so that the production codec is what stands between.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "limiter/loop.h"
#include "tests/tools/ledger.h"
#include "tools/http/client.h"
#include "tools/model.h"

namespace weir::simulation {

// One account and model, as the provider sees it.
struct Account {
  Ledger ledger;
  int slots = 0, in_flight = 0;
};

// What the provider saw of one call.
struct Seen {
  int requests = 0, open = 0;
  Instant not_before = Instant::min();  // its own Retry-After
  TokenCounts used;
};

class ChaosHttp final : public HttpClient {
 public:
  using Complain = std::function<void(const std::string&)>;
  // What is reserved may be raised while a piece of a stream is told. `begin` before it; `end` after it says to how many
  // tokens, if it was.
  struct TopUps {
    std::function<void()> begin;
    std::function<std::optional<std::int64_t>(const std::string& model)> end;
  };
  // All its spans are whole multiples of `grain`: a coarse one makes things happen at the same instant.
  ChaosHttp(Loop& loop, std::uint64_t seed, int slots, Duration grain, Complain complain)
      : loop_(loop), random_(seed), slots_(slots), grain_(grain), complain_(std::move(complain)) {}

  std::unique_ptr<Transfer> send(HttpRequest request, HttpEvents events) override;

  void watch(TopUps top_ups) { top_ups_ = std::move(top_ups); }
  // The next request has been admitted with this reserved.
  void expect(const Estimate& reserved) { reserved_ = reserved; }

  std::map<std::string, Account>& accounts() { return accounts_; }  // by model name
  Seen& seen(int call) { return seen_[call]; }
  int in_flight() const { return in_flight_; }
  int requests() const { return requests_; }
  // Streams by what became of them: pieces told, top-ups, broken off.
  int pieces() const { return pieces_; }
  int raised() const { return raised_; }

 private:
  class Exchange;
  struct Ending {  // what will happen, and what it should cost
    HttpResult result;
    Claim cost;
    TokenCounts used;
    std::optional<Duration> retry_after;
  };
  // A moment of a streamed answer: bytes that come, and what is known of it then.
  struct Step {
    Duration after{};             // the step before, or the head
    std::string bytes{};
    std::int64_t text = 0;        // bytes of the answer that are complete with it
    TokenCounts used{};           // told with it
    bool ends = false;            // it tells of a failure, or makes no sense
  };
  struct Stream {
    HttpResponse head;
    std::vector<Step> steps;
    enum class Close { well, cut, stall } close = Close::well;
    bool answers = false;   // the provider has said all of it
    std::optional<TokenCounts> used;  // and how much it was
  };
  Ending decide(const Claim& reserved, std::int64_t input, std::int64_t output_cap, bool& connects);
  Stream stream(std::int64_t input, std::int64_t output_cap);
  std::int64_t pick(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution(least, most)(random_);
  }
  Duration grained(Duration span) const { return (span + grain_ - Duration(1)) / grain_ * grain_; }
  bool chance(int percent) { return pick(1, 100) <= percent; }

  Loop& loop_;
  std::mt19937_64 random_;
  const int slots_;
  const Duration grain_;
  Complain complain_;
  std::map<std::string, Account> accounts_;
  std::map<int, Seen> seen_;
  int in_flight_ = 0, requests_ = 0;
  int pieces_ = 0, raised_ = 0;
  Estimate reserved_;
  TopUps top_ups_;
};

}  // namespace weir::simulation
