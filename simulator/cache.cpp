#include "simulator/cache.h"

#include <algorithm>

#include "simulator/draw.h"
#include "simulator/text.h"

namespace simulator {

bool PrefixCache::holds(std::uint64_t hash, Instant now) const {
  const auto found = good_until_.find(hash);
  return found != good_until_.end() && found->second > now;
}

void PrefixCache::remember(std::uint64_t hash, Instant until) {
  const auto [entry, is_new] = good_until_.try_emplace(hash, until);
  entry->second = std::max(entry->second, until);
  if (is_new) order_.push_back(hash);
  if (good_until_.size() <= kPrefixesMax) return;
  good_until_.erase(order_.front());
  order_.pop_front();
}

// By itself: after the minimum, and after every 128 tokens more. By marks: after every block.
std::vector<PrefixCache::Prefix> PrefixCache::prefixes(std::string_view prompt, const Caching& caching) {
  std::vector<Prefix> all;
  std::uint64_t hash = caching.by_marks ? 1 : 0;
  std::int64_t tokens = 0;
  if (caching.by_marks) {
    std::size_t at = 0;
    std::int64_t length = 0;
    for (const std::size_t end : caching.blocks) {
      if (all.size() == kBlocksMax) break;
      const std::string_view part = prompt.substr(at, end - at);
      at = end;
      hash = hash_of(part, hash);
      length += characters(part);
      all.push_back({hash, (length + kCharactersPerToken - 1) / kCharactersPerToken});
    }
    return all;
  }
  while (all.size() < kBlocksMax) {
    const std::int64_t step = all.empty() ? caching.minimum_tokens : kStepTokens;
    const std::string_view part = first_tokens(prompt, step);
    if (characters(part) < step * kCharactersPerToken) break;
    prompt.remove_prefix(part.size());
    hash = hash_of(part, hash);
    tokens += step;
    all.push_back({hash, tokens});
  }
  return all;
}

CacheUse PrefixCache::look_up(std::string_view prompt, const Caching& caching, Instant now) const {
  CacheUse use;
  const std::vector<Prefix> all = prefixes(prompt, caching);
  if (!caching.by_marks) {
    for (const Prefix& prefix : all) {
      if (holds(prefix.hash, now)) use.read = prefix.tokens;
    }
    use.written = all.empty() ? 0 : all.back().tokens - use.read;
    return use;
  }
  for (const CacheMark& mark : caching.marks) {
    if (mark.block >= all.size() || all[mark.block].tokens < caching.minimum_tokens) continue;
    const std::size_t first = mark.block < kLookBack ? 0 : mark.block - kLookBack;
    for (std::size_t block = mark.block + 1; block-- > first;) {
      if (!holds(all[block].hash, now)) continue;
      use.read = std::max(use.read, all[block].tokens);
      break;
    }
  }
  std::int64_t reached = use.read;
  for (const CacheMark& mark : caching.marks) {
    if (mark.block >= all.size() || all[mark.block].tokens < caching.minimum_tokens) continue;
    const std::int64_t more = std::max<std::int64_t>(0, all[mark.block].tokens - reached);
    reached += more;
    use.written += more;
    if (mark.long_lived) use.written_long += more;
  }
  return use;
}

void PrefixCache::keep(std::string_view prompt, const Caching& caching, Instant now) {
  const std::vector<Prefix> all = prefixes(prompt, caching);
  if (!caching.by_marks) {
    for (const Prefix& prefix : all) remember(prefix.hash, now + kKept);
    return;
  }
  for (const CacheMark& mark : caching.marks) {
    if (mark.block >= all.size() || all[mark.block].tokens < caching.minimum_tokens) continue;
    remember(all[mark.block].hash, now + (mark.long_lived ? kKeptLong : kKept));
  }
}

}  // namespace simulator
