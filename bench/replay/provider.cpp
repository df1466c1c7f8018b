#include "bench/replay/provider.h"

#include <algorithm>

namespace bench::replay {

using namespace std::chrono_literals;

std::string_view name_of(Counting counting) { return counting == Counting::at_admission ? "openai" : "anthropic"; }

Provider::Provider(Regime regime, Counting counting)
    : regime_(regime), counting_(counting), requests_(regime, kRequestsPerMinute), tokens_(regime, kTokensPerMinute) {}

Verdict Provider::arrived(const Call& call, Instant now) {
  Verdict verdict;
  const std::int64_t units =
      counting_ == Counting::at_admission ? std::max(kOutputCap, call.input_bytes / 4) : call.input_tokens;
  const Duration wait = std::max(requests_.until_admits(1, now), tokens_.until_admits(units, now));
  // A refused call counts as a request too, as long as there is room: otherwise who asks too often would never get out.
  if (requests_.admits(1, now)) requests_.count(1, now);
  verdict.admitted = wait == Duration::zero();
  if (verdict.admitted) {
    tokens_.count(units, now);
    verdict.counted = units;
  } else {
    const Duration unit = counting_ == Counting::at_admission ? Duration(1ms) : Duration(1s);
    verdict.retry_after = (wait + unit - 1ns) / unit * unit;
  }
  verdict.headers = headers(now);
  return verdict;
}

std::int64_t Provider::produced(std::int64_t output_tokens, Instant now) {
  if (counting_ == Counting::at_admission) return 0;
  tokens_.count(output_tokens, now);
  return output_tokens;
}

std::optional<Headers> Provider::headers(Instant now) {
  if (regime_ == Regime::none) return std::nullopt;
  Headers headers{{kRequestsPerMinute, requests_.remaining(now), requests_.until_full(now)},
                  {kTokensPerMinute, tokens_.remaining(now), tokens_.until_full(now)}};
  if (counting_ == Counting::as_produced) headers.tokens.remaining = (headers.tokens.remaining + 500) / 1000 * 1000;
  return headers;
}

}  // namespace bench::replay
