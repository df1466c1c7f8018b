#include "simulator/cache.h"

#include "simulator/draw.h"
#include "simulator/text.h"

namespace simulator {

void PrefixCache::forget_one() {
  last_seen_.erase(order_.front());
  order_.pop_front();
}

std::int64_t PrefixCache::look_up_and_keep(std::string_view prompt, Instant now) {
  std::int64_t cached = 0;
  std::int64_t tokens = 0;
  std::uint64_t hash = 0;
  for (std::size_t block = 0; block < kBlocksMax; ++block) {
    const std::int64_t step = block == 0 ? kFirstTokens : kStepTokens;
    const std::string_view part = first_tokens(prompt, step);
    if (characters(part) < step * kCharactersPerToken) break;
    prompt.remove_prefix(part.size());
    hash = hash_of(part, hash);
    tokens += step;
    const auto [seen, is_new] = last_seen_.try_emplace(hash, now);
    if (!is_new && seen->second + kKept > now) cached = tokens;
    seen->second = now;
    if (is_new) order_.push_back(hash);
    if (last_seen_.size() > kPrefixesMax) forget_one();
  }
  return cached;
}

}  // namespace simulator
