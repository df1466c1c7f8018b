// Remembers the beginnings of prompts, as providers' prompt caches do: a prefix of 1,024 tokens, or longer by multiples
// of 128, that was seen in the last five minutes is reported as cached.
// Bounds:  kPrefixesMax remembered prefixes, the oldest are forgotten first; of one prompt the first kBlocksMax are
//          looked at.
// Threads: a value; the caller locks. `now` never goes back.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <unordered_map>

#include "simulator/quota.h"

namespace simulator {

class PrefixCache {
 public:
  static constexpr std::int64_t kFirstTokens = 1024;
  static constexpr std::int64_t kStepTokens = 128;
  static constexpr std::size_t kPrefixesMax = 4'096;
  static constexpr std::size_t kBlocksMax = 1'024;
  static constexpr Span kKept = std::chrono::minutes(5);

  // How many tokens of the prompt are cached; then remembers the prompt.
  std::int64_t look_up_and_keep(std::string_view prompt, Instant now);
  std::size_t size() const { return last_seen_.size(); }

 private:
  void forget_one();

  std::unordered_map<std::uint64_t, Instant> last_seen_;
  std::deque<std::uint64_t> order_;  // as first remembered
};

}  // namespace simulator
