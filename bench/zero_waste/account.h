// One account of a provider, as the provider keeps it: what it counts of a call, when it refuses, and what it took from
// whom. Written apart from limiter/; its arithmetic is that of replay/ledger.h.
// Regimes: openai     requests, and tokens as max(max_tokens, characters / 4), both at admission and in slices of a
//                     second; nothing comes back.
//          anthropic  requests, input tokens at admission, output tokens as they are produced: buckets that hold a
//                     minute's worth. A call is admitted while any output is left.
//          gemini     requests and input tokens in any rolling minute, and requests of a day.
// Shape:   a refused call counts as a request as long as there is room for one. What Weir takes and what another
//          program of the account takes are noted apart.
// Units:   requests and tokens; `now` does not go back.
// Threads: a value.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/replay/ledger.h"
#include "bench/replay/workload.h"

namespace bench::zero_waste {

using replay::Duration;
using replay::Instant;

enum class Vendor { openai, anthropic, gemini };
std::string_view name_of(Vendor vendor);

// What an account limits; not every vendor limits each.
enum class Dimension : std::size_t { requests, tokens, input, output, day };
inline constexpr std::size_t kDimensions = 5;

enum class Party { ours, foreign };

// A call, as it stands in its request, and as its answer will be.
struct Query {
  std::int64_t bytes = 0, cap = 0;
  std::int64_t input = 0, output = 0;  // tokens
};

struct Verdict {
  std::optional<Dimension> exhausted{};  // absent: admitted
  Duration retry_after{};                // exact
};

// The limit of one dimension; 0 where the vendor has none.
std::int64_t amount_of(Vendor vendor, Dimension dimension);
// Which one runs out under the calls of this program.
Dimension tightest(Vendor vendor);
std::int64_t cost_of(Vendor vendor, Dimension dimension, const Query& query);

class Account {
 public:
  explicit Account(Vendor vendor);
  Vendor vendor() const { return vendor_; }

  Verdict arrived(const Query& query, Party party, Instant now);
  // Of an admitted call, as its answer is made.
  void produced(std::int64_t output_tokens, Party party, Instant now);

  std::int64_t remaining(Dimension dimension, Instant now);
  Duration until_full(Dimension dimension, Instant now);

  struct Taken {
    Instant at;
    std::int64_t units;
    Party party;
  };
  // Of the tightest dimension, in order.
  const std::vector<Taken>& taken() const { return taken_; }

 private:
  void count(Dimension dimension, std::int64_t units, Party party, Instant now);
  replay::Ledger& ledger(Dimension dimension) { return *ledgers_[static_cast<std::size_t>(dimension)]; }

  Vendor vendor_;
  std::array<std::optional<replay::Ledger>, kDimensions> ledgers_;
  std::int64_t today_ = 0;
  std::vector<Taken> taken_;
};

}  // namespace bench::zero_waste
